// Open pages refresh their figures. /live/stamp/ answers a short version for the page's signed token; when it
// changes, each [data-live] is fetched again from its address and morphed in place. No polling in a hidden tab.
// A token says which version its page or part was made from; each part brings a new one.
const part = () => document.querySelector("[data-live][data-live-token]");
const held = () => (part() ?? document.body).dataset.liveToken;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let stamp = null, wait = 1000, timer = 0;
const versionOf = (token) => token.split(".")[3];

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  const token = held();
  stamp ??= versionOf(token);
  try {
    const answer = await fetch(`/live/stamp/?t=${encodeURIComponent(token)}`, { cache: "no-store", credentials: "omit" });
    if (answer.status === 403) { // spent: a fresh part brings a new one, unless the session is over too
      await refresh();
      if (held() === token) return;
      stamp = versionOf(held());
    } else if (!answer.ok) {
      throw new Error(answer.status);
    } else {
      const next = await answer.text();
      if (next !== stamp) await refresh();
      stamp = next;
    }
    wait = 1000;
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

if (held() && document.querySelector("[data-live]")) {
  document.addEventListener("visibilitychange", look);
  look();
}
