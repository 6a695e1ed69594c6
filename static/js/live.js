// Open pages refresh their figures. /live/stamp/ answers a short version for the page's signed token; when it
// changes, each [data-live] is fetched again from its address and morphed in place. No polling in a hidden tab.
// A refreshed part brings a newer token than the page came with, and each says which version it was made from.
const leave = () => document.querySelector("[data-live][data-live-token]")?.dataset.liveToken ?? document.body.dataset.liveToken;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const BREATH = 4; // a busy server answers slowly, and is then asked for less: pages rest four times as long as they waited
const OFTEN = 1000, FRESH = 2000; // ms; where figures change all the time, a page is made anew every other second
let stamp = null, wait = OFTEN, timer = 0;

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  const began = performance.now();
  try {
    const token = leave();
    const answer = await fetch(`/live/stamp/?t=${encodeURIComponent(token)}`, { cache: "no-store", credentials: "omit" });
    if (answer.status === 403 || answer.status === 404) {
      // The token is spent: the parts bring a new one, unless the session has ended.
      await refresh();
      if (leave() === token) return;
      throw new Error(answer.status);
    }
    if (!answer.ok) throw new Error(answer.status);
    const next = await answer.text();
    let least = OFTEN;
    if (next !== (stamp ?? token.split(".")[3])) {
      await refresh();
      least = FRESH;
      document.body.dispatchEvent(new Event("figures")); // what costs more than a refresh asks again for itself, less often
    }
    stamp = next;
    wait = Math.min(Math.max(least, BREATH * (performance.now() - began)), 30000);
  } catch {
    wait = Math.min(wait * 2, 30000); // the server is away: ask less often
  }
  timer = setTimeout(look, wait);
}

async function refresh() {
  await Promise.all([...document.querySelectorAll("[data-live]")].filter(idle).map(async (part) => {
    const id = part.id, old = texts(part);
    await htmx.ajax("GET", part.dataset.live, { target: part, swap: "outerMorph" });
    const fresh = id ? document.getElementById(id) : part;
    if (fresh && !calm.matches) for (const el of marked(fresh)) if (old.get(el.dataset.flash) !== el.textContent) flash(el);
  }));
}

// A part in which someone is typing waits for the next change.
const idle = (part) => !(part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));
const marked = (part) => part.querySelectorAll("[data-flash]");
const texts = (part) => new Map([...marked(part)].map((el) => [el.dataset.flash, el.textContent]));

function flash(el) {
  el.classList.add("flash");
  el.addEventListener("animationend", () => el.classList.remove("flash"), { once: true });
}

if (leave() && document.querySelector("[data-live]")) {
  document.addEventListener("visibilitychange", look);
  look();
}

// Whose session has ended gets the way to sign in, not a sign-in form in the middle of the page.
document.addEventListener("htmx:before:swap", (event) => {
  const answer = event.detail.ctx?.response?.raw;
  if (answer?.redirected && new URL(answer.url).pathname === "/login/") { event.preventDefault(); location.reload(); }
});
