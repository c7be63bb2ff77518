/** Show the bulk actions once rows are selected, and say how many. */
export function bindSelection() {
  const bar = document.getElementById("action_form");
  if (!bar) return;

  const boxes = [...document.querySelectorAll(".action-checkbox")];
  const rows = document.querySelector(".action-rowtoggle");
  const refresh = () => show(bar, rows, boxes);

  rows.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = rows.checked));
    refresh();
  });
  boxes.forEach((box) => box.addEventListener("change", refresh));
  bar.querySelector(".action-all")?.addEventListener("change", refresh);
  bindRanges(boxes, refresh);
  window.addEventListener("pageshow", refresh); // the way back keeps what was ticked
  refresh();
}

/** With Shift held down, a click takes all rows since the last one along. */
function bindRanges(boxes, refresh) {
  let last = -1;
  boxes.forEach((box, here) =>
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, here), Math.max(last, here)];
        boxes.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
        refresh();
      }
      last = here;
    }),
  );
}

function show(bar, rows, boxes) {
  const selected = boxes.filter((box) => box.checked).length;
  const everything = bar.querySelector(".action-all");
  if (!selected && everything) everything.checked = false;

  rows.checked = selected > 0 && selected === boxes.length;
  rows.indeterminate = selected > 0 && selected < boxes.length;
  bar.classList.toggle("has-selection", selected > 0);
  const words = sentence(bar.querySelector(".bulk-count").dataset, selected, everything?.checked);
  bar.querySelector(".bulk-count").textContent = words;
  const said = document.querySelector(".bulk-said"); // lives outside of what is hidden
  if (said) said.textContent = selected || said.textContent ? words : "";
}

function sentence({ one, many, all }, selected, everything) {
  if (everything && all) return all;
  return selected === 1 ? one : many.replace("{count}", selected);
}
