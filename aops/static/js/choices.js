/* Long and multiple selects become searchable. Loaded only where there are some. */
import TomSelect from "tom-select/base";
import removeButton from "tom-select/plugins/remove_button/plugin.js";

TomSelect.define("remove_button", removeButton);

const FEW = 9;

/** Enhance Flask-Admin's three kinds of select2 field, and selects that ask for it. */
export function bindChoices(root) {
  for (const select of root.querySelectorAll("select[data-role^='select2'], select[data-searchable]")) {
    if (select.multiple || select.options.length > FEW) enhance(select, {});
  }
  for (const input of root.querySelectorAll("input[data-role='select2-ajax']")) enhance(input, remote(input));
  for (const input of root.querySelectorAll("input[data-role='select2-tags']")) enhance(input, { create: true });
}

function enhance(element, options) {
  const many = element.multiple || options.maxItems === null || options.create;
  const chooser = new TomSelect(element, {
    plugins: many ? ["remove_button"] : [],
    maxOptions: 500,
    ...options,
  });
  element.setAttribute("aria-hidden", "true"); // its label now belongs to the new control
  element.addEventListener("focus", () => chooser.focus());
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (element.hasAttribute(name)) chooser.control_input.setAttribute(name, element.getAttribute(name));
  }
}

/** Flask-Admin's AJAX fields: choices are fetched as pairs of key and label. */
function remote(input) {
  const known = JSON.parse(input.dataset.json ?? "null") ?? [];
  const pairs = input.dataset.multiple ? known : known.length ? [known] : [];
  const asOption = ([value, text]) => ({ value: String(value), text });
  input.type = "text";
  return {
    options: pairs.map(asOption),
    items: pairs.map(([value]) => String(value)),
    maxItems: input.dataset.multiple ? null : 1,
    delimiter: input.dataset.separator,
    load: async (query, done) => {
      const answer = await fetch(`${input.dataset.url}&query=${encodeURIComponent(query)}`);
      done(answer.ok ? (await answer.json()).map(asOption) : []);
    },
  };
}
