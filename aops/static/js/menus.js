/** Close an open menu on Esc, and when the reader turns to something else. */
export function bindMenus() {
  document.addEventListener("click", (event) => closeAllBut(event.target));
  document.addEventListener("focusin", (event) => closeAllBut(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]");
    menu?.querySelector("summary").focus();
    menu?.removeAttribute("open");
  });
}

/** Take away what a dismiss button names, and keep the keyboard's place. */
export function bindDismissals() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (!button) return;
    button.closest(button.dataset.dismiss).remove();
    document.getElementById("main")?.focus({ preventScroll: true });
  });
}

function closeAllBut(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
}
