/* A form that may take a while (data-once) is sent once, and its button shows that it works. */

/** Bind every present and future form; comes after what may still ask before sending. */
export function bindOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-once]")) return;
    if (form.hasAttribute("aria-busy")) return event.preventDefault();
    for (const part of [form, event.submitter]) part?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", release);
}

/** The way back shows the page as it was left: the form may be sent again. */
function release() {
  for (const form of document.querySelectorAll("form[data-once][aria-busy]")) {
    for (const part of [form, ...form.querySelectorAll("[aria-busy]")]) part.removeAttribute("aria-busy");
  }
}
