/* A search field that narrows a table's rows while one types; without this, its form asks
   the server. */

export function bindRowSearch() {
  for (const field of document.querySelectorAll("input[data-search-rows]")) {
    const rows = document.getElementById(field.dataset.searchRows);
    if (!rows || field.value) continue; // the server already left rows out
    field.addEventListener("input", () => narrow(rows, field.value));
    field.form.addEventListener("submit", (event) => event.preventDefault());
  }
}

function narrow(rows, text) {
  const wanted = text.trim().toLowerCase();
  for (const row of rows.children) row.hidden = !holds(row, wanted);
}

/** Name and value; where it comes from would match too often. */
function holds(row, wanted) {
  const cells = [...row.children].slice(0, 2);
  return cells.some((cell) => cell.textContent.toLowerCase().includes(wanted));
}
