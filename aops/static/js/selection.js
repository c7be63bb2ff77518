/** Show the bulk actions once rows are selected, and say how many. */
export function bindSelection() {
  const bar = document.getElementById("action_form");
  if (!bar) return;

  const boxes = [...document.querySelectorAll(".action-checkbox")];
  const all = document.querySelector(".action-rowtoggle");
  const refresh = () => show(bar, all, boxes);

  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    refresh();
  });
  boxes.forEach((box) => box.addEventListener("change", refresh));
  refresh();
}

function show(bar, all, boxes) {
  const selected = boxes.filter((box) => box.checked).length;
  const { one, many } = bar.querySelector(".bulk-count").dataset;

  all.checked = selected > 0 && selected === boxes.length;
  all.indeterminate = selected > 0 && selected < boxes.length;
  bar.classList.toggle("has-selection", selected > 0);
  bar.querySelector(".bulk-count").textContent =
    selected === 1 ? one : many.replace("{count}", selected);
}
