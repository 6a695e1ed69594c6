// Drag a deal to another column: sends the same form its buttons send, with the column's stage.
// <section data-board> › <div class="board-col" data-stage="3"> › <article class="deal-card" draggable="true"><form data-move>…
let dragged = null;
const column = (event) => event.target.closest?.("[data-board] [data-stage]");

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-board] .deal-card");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.textContent.trim());
  dragged.classList.add("dragging");
});

document.addEventListener("dragover", (event) => {
  const over = column(event);
  for (const col of document.querySelectorAll(".board-col.over")) if (col !== over) col.classList.remove("over");
  if (!dragged || !over) return;
  event.preventDefault();
  over.classList.toggle("over", !over.contains(dragged));
});

document.addEventListener("drop", (event) => {
  const to = column(event), form = dragged?.querySelector("form[data-move]");
  if (!to || !form || to.contains(dragged)) return;
  event.preventDefault();
  const button = form.querySelector(`button[name=stage][value="${CSS.escape(to.dataset.stage)}"]`);
  if (button) return form.requestSubmit(button);
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "stage", value: to.dataset.stage });
  form.append(field);
  form.requestSubmit();
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragging");
  dragged = null;
  for (const col of document.querySelectorAll(".board-col.over")) col.classList.remove("over");
});
