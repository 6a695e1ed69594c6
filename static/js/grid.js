// A plan's lines as a spreadsheet: arrows, typing, copy and paste, undo. The server decides; its rows come back.
// <form id="grid-bar"> why and by which rule › <table id="grid" role="treegrid"> › <tr data-line> › <td data-amount data-edit>
const grid = document.getElementById("grid"), bar = document.getElementById("grid-bar");
const said = document.getElementById("grid-said"), body = grid?.tBodies[0];
const AMOUNT = 3, LOCK = 4;

let anchor = null, focus = null;   // cells: where a selection began, where it stands
let waiting = new Map();           // typed or pasted, not sent yet: amounts as written, by line
let leaves = false;                // after Esc the next Tab goes on to what comes after the grid
let queue = Promise.resolve();

const isLine = (row) => row.dataset.line && !row.hidden;
const lines = () => [...body.rows].filter(isLine);
const at = (cell) => cell.parentElement;
const amount = (row) => row.cells[AMOUNT];
const canEdit = (row) => "edit" in amount(row).dataset;
const isShown = (cell) => cell.offsetParent !== null;
const say = (text, isWrong = false) => { said.textContent = text; said.classList.toggle("is-wrong", isWrong); };

// ── Where one is ──

function tame(row) {
  for (const cell of row.cells) cell.tabIndex = -1;
  for (const inner of row.querySelectorAll("a, button")) inner.tabIndex = -1;
}

function go(cell, { extend = false, show = true } = {}) {
  if (!cell) return;
  if (focus) focus.tabIndex = -1;
  focus = cell;
  if (!extend) anchor = cell;
  focus.tabIndex = 0;
  leaves = false;
  mark();
  if (show) focus.focus({ preventScroll: true });
  focus.scrollIntoView({ block: "nearest" });
}

function selected() {
  const all = lines(), [from, to] = [all.indexOf(at(anchor)), all.indexOf(at(focus))].sort((a, b) => a - b);
  const [left, right] = [anchor.cellIndex, focus.cellIndex].sort((a, b) => a - b);
  return all.slice(Math.max(from, 0), to + 1).map((row) => [...row.cells].slice(left, right + 1).filter(isShown));
}

function mark() {
  for (const cell of body.querySelectorAll("[aria-selected]")) cell.removeAttribute("aria-selected");
  if (anchor && focus && anchor !== focus) for (const row of selected()) for (const cell of row) cell.setAttribute("aria-selected", "true");
}

function step(down, right, options) {
  if (right) {
    let cell = focus;
    do cell = right > 0 ? cell.nextElementSibling : cell.previousElementSibling; while (cell && !isShown(cell));
    return go(cell, options);
  }
  const all = lines(), next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(at(focus)) + down))];
  go(next?.cells[focus.cellIndex], options);
}

// The next amount that can be changed; none: out of the grid.
function tab(by) {
  const all = lines();
  let place = all.indexOf(at(focus)) + (focus.cellIndex < AMOUNT && by > 0 ? 0 : by);
  if (by < 0 && focus.cellIndex > AMOUNT) place += 1;
  while (all[place] && !canEdit(all[place])) place += by;
  if (!all[place]) return false;
  go(amount(all[place]));
  return true;
}

// ── Open and close ──

async function load(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) { say("That could not be loaded. Please try again.", true); return []; }
  const made = document.createElement("tbody");
  made.innerHTML = await answer.text();
  const rows = [...made.rows];
  rows.forEach(tame);
  return rows;
}

const level = (row) => Number(row.getAttribute("aria-level") ?? 99);

function below(row) {
  const found = [];
  for (let next = row.nextElementSibling; next && (level(next) > level(row) || next.dataset.after); next = next.nextElementSibling) {
    if (next.dataset.after && Number(next.dataset.level ?? 2) <= level(row)) break;
    found.push(next);
  }
  return found;
}

async function toggle(row) {
  if (!row.dataset.rows || row.dataset.busy) return;
  const opens = row.getAttribute("aria-expanded") !== "true";
  const known = below(row);
  row.setAttribute("aria-expanded", String(opens));
  if (!opens) {
    for (const each of known) each.hidden = true;
    return say(`${row.dataset.name} closed.`);
  }
  if (known.length) {
    let closed = 99;   // what stood closed below it stays closed
    for (const each of known) {
      if (level(each) <= closed) closed = 99;
      each.hidden = closed < 99;
      if (closed === 99 && each.getAttribute("aria-expanded") === "false") closed = level(each);
    }
    return say(`${row.dataset.name} open.`);
  }
  row.dataset.busy = "";
  const rows = await load(row.dataset.rows);
  delete row.dataset.busy;
  if (!rows.length) return row.setAttribute("aria-expanded", "false");
  for (const each of rows) each.dataset.level = level(row) + 1;
  row.after(...rows);
  say(`${row.dataset.name} open: ${rows.filter(isLine).length} lines.`);
}

async function more(row) {
  const rows = await load(row.dataset.after);
  if (!rows.length) return;
  for (const each of rows) each.dataset.level = row.dataset.level ?? 2;
  row.replaceWith(...rows);
  go(rows[0].cells[AMOUNT]);
  say(`${rows.filter(isLine).length} more lines.`);
}

// ── Typing ──

function edit(cell, text) {
  const row = at(cell);
  if (!canEdit(row)) return say(`${row.dataset.name} can’t be changed here by you.`, true);
  if (cell.querySelector("input")) return;
  const shown = [...cell.childNodes], overwrites = text !== undefined;
  const input = Object.assign(document.createElement("input"), {
    className: "input", inputMode: "decimal", autocomplete: "off", maxLength: 40,
    value: text ?? waiting.get(row.dataset.line) ?? cell.dataset.amount.replace(/\.00$/, ""),
  });
  input.setAttribute("aria-label", `Amount of ${row.dataset.name}`);
  cell.replaceChildren(input);
  input.focus();
  if (!overwrites) input.select();
  let done = false;
  const close = (keeps, move) => {
    if (done) return;
    done = true;
    const typed = input.value.trim();
    cell.replaceChildren(...shown);
    if (keeps && typed && typed !== cell.dataset.amount.replace(/\.00$/, "") && typed !== waiting.get(row.dataset.line)) wait([[row, typed]]);
    if (move) { go(cell); move(); } else if (!keeps) go(cell);
    offer();
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const moves = {
      Enter: () => step(event.shiftKey ? -1 : 1, 0),
      Tab: () => tab(event.shiftKey ? -1 : 1),
      ArrowDown: overwrites && (() => step(1, 0)),
      ArrowUp: overwrites && (() => step(-1, 0)),
    };
    if (event.key === "Escape") { event.preventDefault(); close(false); }
    else if (moves[event.key]) { event.preventDefault(); close(true, moves[event.key]); }
  });
  input.addEventListener("blur", () => close(true));
}

// ── What waits for its reason, and what is sent ──

function show(row, text) {
  const cell = amount(row);
  cell.classList.toggle("is-waiting", text !== undefined);
  const label = cell.querySelector("a") ?? cell;
  label.dataset.stood ??= label.textContent;
  label.textContent = text ?? label.dataset.stood;
  if (text === undefined) delete label.dataset.stood;
}

function wait(edits) {
  for (const [row, text] of edits) { waiting.set(row.dataset.line, text); show(row, text); }
  bar.querySelector(".btn-primary").disabled = false;
}

function forget() {
  for (const line of waiting.keys()) { const row = document.getElementById(`line-${line}`); if (row) show(row); }
  waiting = new Map();
  bar.querySelector(".btn-primary").disabled = true;
}

// With a reason at hand what was typed is saved at once; without one it is asked for.
function offer() {
  if (!waiting.size) return;
  if (bar.reason.value.trim()) return save();
  const count = waiting.size;
  say(`${count} ${count === 1 ? "line waits" : "lines wait"}: say why, then Enter. Esc drops ${count === 1 ? "it" : "them"}.`);
  bar.reason.focus();
}

function save() {
  const edits = waiting;
  waiting = new Map();
  bar.querySelector(".btn-primary").disabled = true;
  const values = { reason: bar.reason.value.trim(), rule: bar.rule.value };
  send(bar.dataset.change, () => ({
    ...values,
    lines: JSON.stringify([...edits].map(([line, text]) => [Number(line), document.getElementById(`line-${line}`).cells[AMOUNT].dataset.amount, text])),
  }), () => { for (const line of edits.keys()) { const row = document.getElementById(`line-${line}`); if (row) show(row); } });
}

// One after the other: each is sent with what stands after the one before. A lost answer is asked for again by its key.
function send(address, values, drop = () => {}) {
  const key = `${Date.now()}-${Math.random()}`;
  queue = queue.then(async () => {
    grid.setAttribute("aria-busy", "true");
    const data = new FormData(bar);
    for (const [name, value] of Object.entries(values())) data.set(name, value);
    data.set("shown", [...body.rows].map((row) => row.dataset.line).filter(Boolean).join(","));
    const ask = () => fetch(address, { method: "POST", body: data, headers: { "Idempotency-Key": key } });
    const answer = await ask().catch(ask).catch(() => null);
    const told = answer?.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
    grid.removeAttribute("aria-busy");
    if (!answer?.ok || !told) drop();
    if (!told) return say(answer ? "That didn’t work. Nothing was changed; please load the page again." : "The server can’t be reached. Nothing was changed.", true);
    if (told.rows !== undefined) put(told, answer.ok);
    say(told.said, !answer.ok);
  });
}

function put(told, flashes) {
  const made = document.createElement("tbody");
  made.innerHTML = told.rows;
  for (const row of [...made.rows]) {
    const stood = document.getElementById(row.id);
    if (!stood) continue;
    const isAt = (cell) => cell && at(cell) === stood;
    const [first, last, holds] = [isAt(anchor) && anchor.cellIndex, isAt(focus) && focus.cellIndex, stood.contains(document.activeElement)];
    if (holds && document.activeElement.matches("input")) { amount(stood).dataset.amount = amount(row).dataset.amount; continue; }
    tame(row);
    if (stood.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", stood.getAttribute("aria-expanded"));
    if (stood.dataset.level) row.dataset.level = stood.dataset.level;
    row.setAttribute("aria-level", stood.getAttribute("aria-level"));
    row.hidden = stood.hidden;
    const isNew = amount(row).dataset.amount !== amount(stood).dataset.amount;
    stood.replaceWith(row);
    if (isNew && flashes) amount(row).classList.add("is-new");
    if (first !== false) anchor = row.cells[first];
    if (last !== false) { focus = row.cells[last]; focus.tabIndex = 0; if (holds) focus.focus({ preventScroll: true }); }
    if (waiting.has(row.dataset.line)) show(row, waiting.get(row.dataset.line));
  }
  document.getElementById("grid-head").innerHTML = told.head;
  bar.dataset.act = told.undo ?? "";
  bar.querySelector("[data-undo-button]").disabled = !told.undo;
  mark();
}

function undo() {
  if (waiting.size) { forget(); return say("Dropped."); }
  queue.then(() => {
    if (!bar.dataset.act) return say("There is nothing of yours to take back here.");
    send(bar.dataset.undo, () => ({ act: bar.dataset.act }));
  });
}

function lock(row) {
  if (!canEdit(row)) return say(`${row.dataset.name} can’t be changed here by you.`, true);
  const locked = row.cells[LOCK].querySelector("button").getAttribute("aria-pressed") === "true";
  send(bar.dataset.lock, () => ({ lines: row.dataset.line, is_locked: locked ? "" : "on" }));
}

// ── Copy and paste ──

function copied() {
  const text = (cell) => cell.dataset.amount ?? (cell.cellIndex ? cell.innerText.replace(/\s+/g, " ").trim() : at(cell).dataset.name);
  return selected().map((row) => row.map(text).join("\t")).join("\n");
}

const hasDigit = (text) => /\d|^\s*[-−]\s*$/.test(text);

// A column fills down from where one stands, a single value the whole selection; names with amounts find their lines.
function pasted(text) {
  const table = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n").map((row) => row.split("\t").map((cell) => cell.trim()));
  const width = Math.max(...table.map((row) => row.length));
  if (width > 2) return say(`${width} columns were copied: paste one of amounts, or names with amounts.`, true);
  const rows = table.length > 1 && !hasDigit(table[0].at(-1)) && table[0].at(-1) ? table.slice(1) : table;
  const all = lines(), edits = [];
  if (width === 2) {
    for (const [name, value] of rows) {
      if (!value) continue;
      const found = all.filter((row) => row.dataset.name.toLowerCase() === name.toLowerCase());
      if (found.length !== 1) return say(found.length ? `“${name}” is ${found.length} lines here: paste amounts alone.` : `“${name}” is no line shown here: nothing was pasted.`, true);
      edits.push([found[0], value]);
    }
  } else if (rows.length === 1) {
    for (const cells of selected()) edits.push([at(cells[0]), rows[0][0]]);
  } else {
    const from = Math.min(all.indexOf(at(anchor)), all.indexOf(at(focus)));
    if (rows.length > all.length - from) return say(`${rows.length} amounts for ${all.length - from} lines from here on: nothing was pasted.`, true);
    rows.forEach(([value], place) => { if (value) edits.push([all[from + place], value]); });
  }
  const fixed = edits.find(([row]) => !canEdit(row));
  if (fixed) return say(`${fixed[0].dataset.name} can’t be changed here by you: nothing was pasted.`, true);
  if (!edits.length) return say("Nothing to paste was copied.", true);
  forget();
  wait(edits);
  offer();
}

// ── Events ──

const KEYS = {
  ArrowDown: (event) => step(1, 0, { extend: event.shiftKey }),
  ArrowUp: (event) => step(-1, 0, { extend: event.shiftKey }),
  ArrowRight: (event) => step(0, 1, { extend: event.shiftKey }),
  ArrowLeft: (event) => step(0, -1, { extend: event.shiftKey }),
  PageDown: (event) => step(10, 0, { extend: event.shiftKey }),
  PageUp: (event) => step(-10, 0, { extend: event.shiftKey }),
  Home: (event) => go((event.ctrlKey || event.metaKey ? lines()[0] : at(focus)).cells[0], { extend: event.shiftKey }),
  End: (event) => go([...(event.ctrlKey || event.metaKey ? lines().at(-1) : at(focus)).cells].findLast(isShown), { extend: event.shiftKey }),
  F2: () => bar && edit(amount(at(focus))),
  Enter: () => act(),
  " ": () => act(),
};

function act() {
  const row = at(focus);
  if (focus.cellIndex === AMOUNT && bar) edit(focus);
  else if (focus.cellIndex === LOCK && bar) lock(row);
  else if (focus.cellIndex === 0 && row.dataset.rows) toggle(row);
  else focus.querySelector("a")?.click();
}

if (grid && body?.rows.length) {
  [...body.rows].forEach(tame);
  const start = lines().find((row) => bar && canEdit(row)) ?? lines()[0];
  anchor = focus = amount(start);
  focus.tabIndex = 0;
  grid.classList.add("is-live");
  if (bar) { bar.hidden = false; document.querySelector(".grid-hints").hidden = false; document.querySelector(".grid-plain").hidden = true; }

  grid.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (event.target.matches("input") || !row) return;
    if (row.dataset.after) {
      if (event.key === "Enter") { event.preventDefault(); more(row); }
      return;
    }
    event.stopPropagation();   // single keys of the page are off in here
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && bar) { event.preventDefault(); undo(); }
    else if (command && event.key.toLowerCase() === "k") document.getElementById("palette")?.showModal();
    else if (event.key === "Escape") { leaves = true; anchor = focus; mark(); say("Tab leaves the grid."); }
    else if (event.key === "Tab") { if (bar && !leaves && tab(event.shiftKey ? -1 : 1)) event.preventDefault(); }
    else if (KEYS[event.key] && !event.altKey) { event.preventDefault(); KEYS[event.key](event); }
    else if (bar && !command && !event.altKey && /^[\d.,€$£\-−]$/.test(event.key)) { event.preventDefault(); edit(amount(at(focus)), event.key); }
  });

  grid.addEventListener("click", (event) => {
    const cell = event.target.closest("td, th"), row = event.target.closest("tbody tr");
    if (!row || event.target.matches("input") || event.ctrlKey || event.metaKey) return;
    if (row.dataset.after) { event.preventDefault(); return void more(row); }
    if (event.target.closest(".grid-open")) { event.preventDefault(); toggle(row); }
    else if (cell.cellIndex === LOCK && event.target.closest("button")) { event.preventDefault(); lock(row); }
    const wasHere = focus === cell && document.activeElement === cell;
    if (cell.cellIndex === AMOUNT && bar && canEdit(row)) event.preventDefault();
    go(cell, { extend: event.shiftKey });
    // A tap edits at once; with a mouse the first click goes there, the second edits.
    if (cell.cellIndex === AMOUNT && bar && (wasHere || matchMedia("(pointer: coarse), (max-width: 760px)").matches)) edit(cell);
  });

  grid.addEventListener("focusin", (event) => {
    if (event.target.matches("td, th") && event.target !== focus && isLine(at(event.target))) go(event.target, { show: false });
  });

  document.addEventListener("copy", (event) => {
    if (!grid.contains(document.activeElement) || document.activeElement.matches("input")) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", copied());
    say("Copied.");
  });
  document.addEventListener("paste", (event) => {
    if (!bar || !grid.contains(document.activeElement) || document.activeElement.matches("input")) return;
    event.preventDefault();
    pasted(event.clipboardData.getData("text/plain"));
  });

  bar?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!waiting.size) return;
    if (!bar.reason.value.trim()) return offer();
    save();
    focus.focus({ preventScroll: true });
  });
  bar?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !waiting.size) return;
    forget();
    say("Dropped.");
    focus.focus({ preventScroll: true });
  });
  bar?.querySelector("[data-undo-button]").addEventListener("click", undo);
}
