/* Follows a running job: asks for the lines after the last one known, appends them,
   and stops when the job has. The page without this script shows the same rows. */
import { showLocalTimes } from "./times.js";

const SECOND = 1000;
const log = document.getElementById("log");
const status = document.getElementById("log-status");
const jump = document.getElementById("log-jump");

let cursor = log.dataset.cursor;
let quiet = 0; // answers in a row that brought nothing
let missed = 0; // lines that came while the reader was looking elsewhere

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
const toEnd = () => (log.scrollTop = log.scrollHeight);

async function poll() {
  try {
    const response = await fetch(`${log.dataset.poll}?after=${cursor}`, { headers: { Accept: "text/html" } });
    if (response.status !== 304 && !response.ok) throw new Error(response.statusText);
    quiet = response.status === 304 ? quiet + 1 : 0;
    if (response.status !== 304) take(response.headers, await response.text());
    say(response.headers.get("X-Aops-Finished") ? "finished" : quiet > 2 ? "idle" : "live");
    if (response.headers.get("X-Aops-Finished")) return;
  } catch {
    quiet += 5;
    say("lost");
  }
  setTimeout(poll, document.hidden || quiet > 5 ? 5 * SECOND : SECOND);
}

function take(headers, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  for (const part of parsed.content.querySelectorAll("template[data-replace]")) {
    part.remove();
    replace(document.querySelector(part.dataset.replace), part.content);
  }
  append(parsed.content);
  cursor = headers.get("X-Aops-Cursor") ?? cursor;
}

/** Leave alone what says the same, or is being asked about: a button must not vanish under a hand. */
function replace(target, content) {
  const asking = document.querySelector("dialog[open]");
  if (!target || asking || words(target) === words(content)) return;
  target.replaceChildren(content);
  showLocalTimes(target);
}

const words = (node) => node.textContent.replace(/\s+/g, " ").trim();

function append(rows) {
  const count = rows.querySelectorAll(".log-line").length;
  const following = atEnd();
  if (count) log.querySelector(".log-empty")?.remove();
  log.append(rows);
  if (following) toEnd();
  else countMissed(missed + count);
}

function countMissed(count) {
  missed = count;
  jump.hidden = count === 0;
  jump.textContent = count === 1 ? jump.dataset.one : jump.dataset.many.replace("{count}", count);
}

function say(state) {
  if (status.textContent !== status.dataset[state]) status.textContent = status.dataset[state];
  status.classList.toggle("is-warning", state === "lost");
}

log.addEventListener("scroll", () => atEnd() && countMissed(0), { passive: true });
for (const button of [jump, document.getElementById("log-end")]) button.addEventListener("click", toEnd);
document.getElementById("log-wrap").addEventListener("click", (event) => {
  const wrapped = log.classList.toggle("wrap");
  event.currentTarget.setAttribute("aria-pressed", wrapped);
});

if (log.dataset.poll) {
  if (!location.hash) toEnd();
  say("live");
  poll();
}
