/* The filter menu of a list: the value's control follows the kind of filter, and the
   pair is sent as Flask-Admin's own parameter, so that filters stay in the URL. */

export function bindFilters() {
  for (const form of document.querySelectorAll("form[data-filter]")) {
    const kind = form.elements.namedItem("flt");
    kind.addEventListener("change", () => adaptValue(form, kind));
    form.addEventListener("submit", () => nameParameter(form, kind));
    adaptValue(form, kind);
  }
}

function adaptValue(form, kind) {
  const { type, choices } = kind.selectedOptions[0].dataset;
  const old = form.querySelector("#filter-value");
  const control = choices && type !== "select2-tags" ? choiceOf(choices) : inputOf(type);
  control.id = old.id;
  control.name = old.name;
  control.className = "form-control";
  old.replaceWith(control);
}

function choiceOf(choices) {
  const select = document.createElement("select");
  for (const [value, label] of JSON.parse(choices)) select.add(new Option(label, value));
  return select;
}

function inputOf(type) {
  const input = document.createElement("input");
  if (type === "datepicker") input.type = "date";
  if (type === "datetimepicker") input.type = "datetime-local";
  return input;
}

function nameParameter(form, kind) {
  const value = form.querySelector("#filter-value");
  if (value.type === "datetime-local") toUtc(value);
  value.name = `flt${form.dataset.filter}_${kind.value}`;
  kind.disabled = true;
}

/** The reader types local time; the database has UTC. */
function toUtc(input) {
  const utc = new Date(input.value).toISOString().slice(0, 19).replace("T", " ");
  input.type = "text";
  input.value = utc;
}
