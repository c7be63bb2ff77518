/** Let the reader choose a theme; "system" forgets the choice. */
export function bindThemeChoice() {
  const choice = document.querySelector("[data-theme-choice]");
  if (!choice) return;

  const current = localStorage.getItem("aops-theme") ?? "system";
  const radio = choice.querySelector(`[value="${CSS.escape(current)}"]`);
  if (radio) radio.checked = true;
  choice.addEventListener("change", (event) => apply(event.target.value));
}

function apply(theme) {
  if (theme === "system") {
    localStorage.removeItem("aops-theme");
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem("aops-theme", theme);
    document.documentElement.dataset.theme = theme;
  }
}
