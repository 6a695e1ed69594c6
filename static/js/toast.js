// A toast stays 10 seconds, longer while it is pointed at or holds the focus. toast("Saved") shows one.
const box = document.getElementById("toasts");
const LIFE = 10000;

function watch(el) {
  let timer;
  const leave = () => { timer = setTimeout(() => (el.matches(":hover, :focus-within") ? leave() : el.remove()), LIFE); };
  leave();
}

export function toast(text, isError = false) {
  const el = document.createElement("div");
  el.className = isError ? "toast toast-error" : "toast";
  el.textContent = text;
  box?.append(el);
}

if (box) {
  for (const el of box.children) watch(el);
  new MutationObserver((changes) => {
    for (const change of changes) for (const el of change.addedNodes) if (el instanceof HTMLElement) watch(el);
  }).observe(box, { childList: true });
  document.addEventListener("htmx:response:error", () => toast("That didn't work. Nothing was changed; please try again.", true));
  document.addEventListener("htmx:error", () => toast("The server can't be reached. Please try again.", true));
}
