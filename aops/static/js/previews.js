/* Shows which hosts a pattern or filter would choose while it is typed. The server
   answers with the markup that the page itself would show. */

const PAUSE = 250; // milliseconds without a key, after which the server is asked
const LONGEST = 3500; // characters of an address; servers refuse longer ones

/** Bind every box of macros/preview.html to the fields that it watches. */
export function bindPreviews() {
  for (const box of document.querySelectorAll("[data-preview]")) watch(box);
}

function watch(box) {
  const form = box.closest("form") ?? document.querySelector(box.dataset.previewForm);
  const pairs = JSON.parse(box.dataset.previewFields);
  const names = new Set([...pairs.map(([name]) => name), ...placeholders(box.dataset.preview)]);
  let timer;
  let request;

  const ask = async () => {
    const url = address(box, pairs, form);
    if (url === null) return show(box, "");
    if (url.length > LONGEST) return say(box, box.dataset.previewLong);
    request = new AbortController();
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: request.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      show(box, await answer.text());
    } catch (error) {
      if (error.name !== "AbortError") say(box, box.dataset.previewFailed);
    }
  };
  const later = (event) => {
    if (!names.has(event.target.name)) return;
    clearTimeout(timer);
    request?.abort();
    box.setAttribute("aria-busy", "true");
    timer = setTimeout(ask, PAUSE);
  };

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (!box.querySelector(".preview-hosts").childElementCount) ask();
}

/** Fill in the fields; null where there is nothing to ask about yet. */
function address(box, pairs, form) {
  const template = box.dataset.preview;
  const value = (name) => valueOf(form.elements.namedItem(name));
  if (placeholders(template).some((name) => !/^\d+$/.test(value(name)))) return null;
  if (!(box.dataset.previewAlways || value(pairs[0][0]).trim())) return null;

  const path = template.replace(/\{(\w+)\}/g, (_, name) => value(name));
  const url = new URL(path, location.href);
  for (const [name, parameter] of pairs) url.searchParams.set(parameter, value(name));
  return url.href;
}

function valueOf(field) {
  if (!field) return "";
  return field.type === "checkbox" && !field.checked ? "" : field.value;
}

const placeholders = (template) => [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

function show(box, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  for (const part of parsed.content.querySelectorAll("template[data-replace]")) {
    part.remove();
    document.querySelector(part.dataset.replace)?.replaceChildren(part.content);
  }
  const sentence = parsed.content.querySelector(".preview-sentence");
  sentence?.remove();
  box.querySelector(".preview-live").replaceChildren(...(sentence ? [sentence] : []));
  box.querySelector(".preview-hosts").replaceChildren(parsed.content);
  box.removeAttribute("aria-busy");
}

function say(box, text) {
  box.querySelector(".preview-live").textContent = text;
  box.querySelector(".preview-hosts").replaceChildren();
  box.removeAttribute("aria-busy");
}
