/* Looks at the size of a file before it is sent: what is too large would be refused anyway,
   and the browser would forget the file and perhaps what was typed. The server checks again. */

export function bindUploads() {
  for (const field of document.querySelectorAll("input[type=file][data-max-bytes]")) {
    const message = document.getElementById(field.dataset.tooLarge);
    if (!message) continue;
    field.addEventListener("change", () => judge(field, message));
    field.form.addEventListener("submit", (event) => {
      if (judge(field, message)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      field.focus();
    });
  }
}

function judge(field, message) {
  const fits = [...field.files].every((file) => file.size <= Number(field.dataset.maxBytes));
  message.hidden = fits;
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== message.id);
  field.setAttribute("aria-describedby", (fits ? others : [...others, message.id]).join(" "));
  if (fits) field.removeAttribute("aria-invalid");
  else field.setAttribute("aria-invalid", "true");
  return fits;
}
