/* What every page gets. Each module binds itself by data attributes and is a
   convenience: the pages work without any of them. */
import { bindConfirmations } from "./confirm.js";
import { bindEditors, bindUnsavedWarning } from "./editors.js";
import { bindFilters } from "./filters.js";
import { bindInlineForms } from "./inline-forms.js";
import { bindDismissals, bindMenus } from "./menus.js";
import { bindOnce } from "./once.js";
import { bindReloads } from "./reloading.js";
import { bindRowSearch } from "./search-rows.js";
import { bindPreviews } from "./previews.js";
import { bindSelection } from "./selection.js";
import { bindThemeChoice } from "./theme-choice.js";
import { showLocalTimes } from "./times.js";
import { bindUploads } from "./uploads.js";

bindThemeChoice();
bindMenus();
bindDismissals();
bindConfirmations();
bindOnce();
bindSelection();
bindFilters();
bindRowSearch();
bindEditors();
bindUnsavedWarning();
bindInlineForms();
bindPreviews();
bindUploads();
bindReloads();
showLocalTimes(document);

const SEARCHABLE = "select[data-role^='select2'], select[data-searchable], input[data-role^='select2']";
if (document.querySelector(SEARCHABLE)) {
  import("./choices.js").then(({ bindChoices }) => bindChoices(document));
}
