/** Add rows to forms within forms, named as Flask-Admin expects (field-0-name). */
export function bindInlineForms() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-inline-add]");
    if (button) addEntry(document.getElementById(button.dataset.inlineAdd), button);
  });
}

function addEntry(field, button) {
  const list = field.querySelector(".inline-field-list");
  const entry = field.querySelector("template").content.firstElementChild.cloneNode(true);
  const prefix = `${button.dataset.inlineAdd}-${nextNumber(list)}`;
  const join = (name) => (name ? `${prefix}-${name}` : prefix);

  entry.id = prefix;
  for (const part of entry.querySelectorAll("[name]")) part.name = join(part.getAttribute("name"));
  for (const part of entry.querySelectorAll("[id]")) part.id = join(part.id);
  for (const label of entry.querySelectorAll("label[for]")) label.htmlFor = join(label.htmlFor);
  list.append(entry);
  entry.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function nextNumber(list) {
  const numbers = [...list.children].map((entry) => Number(entry.id.split("-").at(-1)) || 0);
  return numbers.length ? Math.max(...numbers) + 1 : 0;
}
