// The doctor's console: keeps what is being written, counts the minutes, and says when an answer did not come.

const consoleRoot = () => document.getElementById("console");

// --- what is being written outlives every answer of the server ----------------------------------------------------

const written = new Map(); // text by the id of its field; kept in memory only, it is about a patient

const fields = () => [...consoleRoot().querySelectorAll("textarea[id]")];

function keep() {
  for (const field of fields()) written.set(field.id, field.value);
}

function restore() {
  const present = new Set(fields().map((field) => field.id));
  for (const id of written.keys()) if (!present.has(id)) written.delete(id);
  for (const field of fields()) {
    if (!field.value && written.has(field.id)) field.value = written.get(field.id);
  }
}

document.addEventListener("input", keep);
document.addEventListener("toggle", ({ target }) => target.open && target.querySelector("input:not([type=hidden])")?.focus(), true);
window.addEventListener("beforeunload", (event) => {
  if (fields().some((field) => field.value !== field.defaultValue) && !sending) event.preventDefault();
});

// --- finding somebody in the list ---------------------------------------------------------------------------------

let wanted = ""; // outlives every answer, so that the list stays as short as it was made
let caret = 0;

const plain = (text) => text.toLowerCase().replaceAll(/\s+/g, " ").trim();

function find() {
  const field = document.getElementById("find");
  if (!field) return; // a counter's list is short
  if (field.value !== wanted) {
    field.value = wanted;
    if (document.activeElement === field) field.setSelectionRange(caret, caret);
  }
  const rows = [...document.querySelectorAll("#lists li")];
  for (const row of rows) row.hidden = !plain(row.textContent).includes(plain(wanted));
  document.querySelector("[data-none]").hidden = !wanted || rows.some((row) => !row.hidden);
}

document.addEventListener("input", ({ target }) => {
  if (target.id !== "find") return;
  wanted = target.value;
  caret = target.selectionStart;
  find();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.target.id !== "find") return;
  event.target.value = wanted = "";
  find();
});

// --- minutes and seconds since a call or a start -------------------------------------------------------------------

function twoDigits(number) {
  return String(number).padStart(2, "0");
}

function count() {
  for (const timer of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((window.opd.serverNow() - Date.parse(timer.dataset.since)) / 1000));
    timer.textContent = `${Math.floor(seconds / 60)}:${twoDigits(seconds % 60)}`;
  }
}

function shown() {
  restore();
  find();
  count();
}

// --- sending ------------------------------------------------------------------------------------------------------

let sending = false;

function showUnanswered(shown) {
  for (const notice of document.querySelectorAll("[data-unanswered]")) notice.hidden = !shown;
}

document.addEventListener("htmx:beforeRequest", () => {
  sending = true;
  showUnanswered(false);
});
document.addEventListener("htmx:afterRequest", () => (sending = false));
document.addEventListener("submit", () => (sending = true));
document.addEventListener("htmx:responseError", () => showUnanswered(true));
document.addEventListener("htmx:sendError", () => showUnanswered(true));
document.addEventListener("htmx:timeout", () => showUnanswered(true));
document.addEventListener("htmx:afterSwap", shown);
document.addEventListener("opd:put", shown);

find();
count();
setInterval(count, 1000);
