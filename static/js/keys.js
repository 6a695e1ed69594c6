// Keyboard: Ctrl K / ⌘K palette, / search, L log, ? help, g h home, j k in lists. Off inside inputs; can be turned off.
const mac = navigator.platform.startsWith("Mac");
for (const key of document.querySelectorAll("[data-palette-key]")) key.textContent = mac ? "⌘K" : "Ctrl K";

const palette = document.getElementById("palette");
const off = () => document.body.dataset.keys === "off" || localStorage.getItem("keys") === "off";
const typing = (el) => el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName);
const go = (selector) => document.querySelector(selector)?.click();
let before = "";

const toggle = document.querySelector("[data-keys-switch]");
if (toggle) {
  toggle.checked = !off();
  toggle.addEventListener("change", () => localStorage.setItem("keys", toggle.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    if (!palette.open) palette.showModal();
    return;
  }
  if (off() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const key = before + event.key.toLowerCase();
  before = event.key === "g" ? "g" : "";
  const act = {
    "/": () => document.querySelector(".top input[type=search]")?.focus(),
    l: () => go("[data-key=l]"),
    "?": () => document.getElementById("keys")?.showModal(),
    gh: () => location.assign("/"),
    j: () => step(1),
    k: () => step(-1),
    x: () => document.querySelector("[data-rows] .cursor input[type=checkbox]")?.click(),
  }[key];
  if (act) { event.preventDefault(); act(); }
});

// j and k move through the rows of the page's first list; Enter opens the row's link, which holds the focus.
function step(by) {
  const rows = [...document.querySelectorAll("[data-rows] .row, [data-rows] tbody tr")].filter((row) => row.querySelector("a"));
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("cursor"));
  rows[now]?.classList.remove("cursor");
  const row = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
  row.classList.add("cursor");
  row.querySelector("a").focus();
  row.scrollIntoView({ block: "nearest" });
}

if (palette) {
  const input = palette.querySelector("input"), list = document.getElementById("palette-list");
  const start = list.innerHTML;
  let timer, asked = 0, pending = false, opens = false;
  // Our own places are narrowed at once; what the server finds comes behind them, and Enter waits for it.
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const text = input.value.trim(), turn = ++asked;
    opens = false;
    pending = Boolean(text && palette.dataset.url);
    list.innerHTML = start;
    if (!text) return;
    for (const a of [...list.children]) if (!a.textContent.toLowerCase().includes(text.toLowerCase())) a.remove();
    if (pending) timer = setTimeout(() => ask(text, turn), 120);
  });
  async function ask(text, turn) {
    const answer = await fetch(`${palette.dataset.url}?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (turn !== asked) return;
    if (answer?.ok) list.insertAdjacentHTML("beforeend", await answer.text());
    pending = false;
    if (opens) list.querySelector("a")?.click();
  }
  palette.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] ?? (next < 0 ? input : links[0]))?.focus();
    } else if (event.key === "Enter" && document.activeElement === input && (links.length || pending)) {
      event.preventDefault();
      if (links.length) links[0].click();
      else opens = true;
    }
  });
  palette.addEventListener("close", () => { input.value = ""; list.innerHTML = start; });
}
