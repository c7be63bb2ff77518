/* Times arrive as UTC in <time datetime>; readers want their own clock. */
const locale = document.documentElement.lang;
const shortly = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const exactly = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });

/** Rewrite every full <time> below `root`; dates without a clock are left as they are. */
export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime*=T]")) {
    const moment = new Date(asUtc(element.dateTime));
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = shortly.format(moment);
    element.title = exactly.format(moment);
  }
}

/** Without a zone, Date would take it for local time; the server means UTC. */
function asUtc(text) {
  return /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
}
