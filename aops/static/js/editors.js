/** Make Tab indent in code fields; Esc gives it back, so that the keyboard can leave. */
export function bindEditors() {
  for (const area of document.querySelectorAll("textarea.code")) {
    let leaving = false;
    area.addEventListener("blur", () => (leaving = false));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leaving = true;
      if (event.key !== "Tab" || event.shiftKey || leaving || area.readOnly) return;
      event.preventDefault();
      insert(area, "  ");
    });
  }
}

/** Warn before changes that were not saved are left behind. */
export function bindUnsavedWarning() {
  const form = document.querySelector("form[data-warn-unsaved]");
  if (!form) return;

  let changed = false;
  const note = form.querySelector(".unsaved");
  form.addEventListener("input", () => {
    changed = true;
    if (note) note.hidden = false;
  });
  form.addEventListener("submit", () => (changed = false));
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
}

/** execCommand is old, but the only way that keeps the browser's undo. */
function insert(area, text) {
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  }
}
