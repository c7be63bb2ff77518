/* Keeps a part of a page new while something in it still goes on: asks for the page again
   and takes over that part alone, so that what is typed or ticked elsewhere stays. */
import { showLocalTimes } from "./times.js";

const SECOND = 1000;

/** Bind every element with an id and data-reload, the seconds to wait; the last answer has none. */
export function bindReloads() {
  for (const part of document.querySelectorAll("[id][data-reload]")) later(part);
}

function later(part) {
  setTimeout(() => reload(part), part.dataset.reload * SECOND);
}

async function reload(part) {
  if (document.hidden || isInUse(part)) return later(part);
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return later(part);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById(part.id);
    if (!next) return; // signed out meanwhile, or nothing is left to show
    if (isInUse(part)) return later(part);
    part.replaceWith(next);
    showLocalTimes(next);
    if (next.dataset.reload) later(next);
  } catch {
    later(part); // the server is away; it comes back
  }
}

/** Tell whether the reader stands in it with the keyboard, or marks text there. */
function isInUse(part) {
  const marked = getSelection();
  return part.contains(document.activeElement) || (!marked.isCollapsed && part.contains(marked.anchorNode));
}
