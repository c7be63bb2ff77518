/* Runs before the page is drawn, so that no reader sees the wrong theme flash by. */
document.documentElement.classList.add("js");
const chosen = localStorage.getItem("aops-theme");
if (chosen === "light" || chosen === "dark") {
  document.documentElement.dataset.theme = chosen;
}
