/* Asks before something is lost. data-confirm stands on a form, on a submit button,
   or on a link that only with JavaScript sends a form (data-delete, data-submit). */

/** Bind every present and future element with data-confirm. */
export function bindConfirmations() {
  document.addEventListener("submit", askBeforeSubmit);
  document.addEventListener("click", askBeforeDelete);
}

const confirmed = new WeakSet();

async function askBeforeSubmit(event) {
  const form = event.target;
  const asking = [event.submitter, form].find((element) => element?.dataset.confirm);
  if (!asking || confirmed.has(form)) return;

  event.preventDefault();
  if (await ask(asking.dataset)) {
    confirmed.add(form);
    form.requestSubmit(event.submitter);
    confirmed.delete(form);
  }
}

async function askBeforeDelete(event) {
  const link = event.target.closest("a[data-delete], a[data-submit]");
  if (!link) return;

  event.preventDefault();
  const form = document.getElementById(link.dataset.submit ?? "delete-form");
  if (link.dataset.submit) {
    form.requestSubmit();
  } else if (await ask(link.dataset)) {
    form.elements.namedItem("id").value = link.dataset.delete;
    form.requestSubmit();
  }
}

function ask({ confirm, confirmText, confirmButton, confirmLevel = "danger" }) {
  const dialog = document.getElementById("confirm");
  const button = dialog.querySelector("[value=yes]");
  dialog.querySelector("h2").textContent = confirm;
  dialog.querySelector("p").textContent = confirmText ?? "";
  button.textContent = confirmButton ?? button.dataset.default;
  button.className = `btn btn-${confirmLevel}`;

  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
