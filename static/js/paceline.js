// Everything a page needs beyond HTML and htmx. Each module is small and does nothing where its markup is absent.
import "./keys.js";
import "./live.js";
import "./board.js";
import "./toast.js";
import "./complete.js";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    opener.closest("[popover]")?.hidePopover();
    document.getElementById(opener.dataset.open)?.showModal();
  }
  // A click on the backdrop closes a dialog.
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

// Popovers stand beside their opener.
document.addEventListener("toggle", (event) => {
  const pop = event.target;
  if (event.newState !== "open" || !(pop instanceof HTMLElement) || !pop.matches("[popover]:not(.side)")) return;
  const opener = document.querySelector(`[popovertarget="${CSS.escape(pop.id)}"]`);
  if (!opener) return;
  const at = opener.getBoundingClientRect(), box = pop.getBoundingClientRect();
  const above = at.bottom + box.height + 8 > innerHeight;
  pop.style.margin = "0";
  pop.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  pop.style.top = `${above ? Math.max(8, at.top - box.height - 6) : at.bottom + 6}px`;
}, true);

// Forms with data-auto send themselves when a choice changes (filters).
document.addEventListener("change", (event) => event.target.form?.matches("[data-auto]") && event.target.form.requestSubmit());

// "Select all": a box with data-all="name" ticks every box of that name in its form.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) for (const box of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)) box.checked = event.target.checked;
});
