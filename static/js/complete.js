// A box that suggests: an answer's button puts its #tag or @name in the place of what was being typed.
document.addEventListener("click", (event) => {
  const choice = event.target.closest?.("[data-complete]");
  const list = choice?.parentElement;
  const input = list && document.querySelector(`[data-completes="${CSS.escape(list.id)}"]`);
  if (!input) return;
  const mark = choice.dataset.complete[0];
  input.value = `${input.value.slice(0, input.value.lastIndexOf(mark))}${choice.dataset.complete} `;
  list.replaceChildren();
  input.focus();
});
