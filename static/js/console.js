// The doctor's console: keeps what is being written, counts the minutes, and says when an answer did not come.

const consoleRoot = () => document.getElementById("console");

// --- what is being written outlives every answer of the server ----------------------------------------------------

const written = new Map(); // text by the id of its field, until it is saved; in memory only, it is about a patient
const saved = new Map(); // the same once it is saved, with the note's version: an answer on its way may know an older one

const fields = () => [...consoleRoot().querySelectorAll("textarea[id]")];

function keep({ target }) {
  if (target.matches("#console textarea[id]")) written.set(target.id, target.value);
}

function restore() {
  const present = new Set(fields().map((field) => field.id));
  for (const known of [written, saved]) for (const id of known.keys()) if (!present.has(id)) known.delete(id);
  const shown = Number(document.querySelector("[data-saves] [name=note_version]")?.value ?? 0);
  for (const field of fields()) {
    const kept = saved.get(field.id);
    if (written.has(field.id)) field.value = written.get(field.id);
    else if (kept && kept.version > shown) field.value = field.defaultValue = kept.text;
  }
}

document.addEventListener("input", keep);
document.addEventListener("toggle", ({ target }) => target.open && target.querySelector("input:not([type=hidden])")?.focus(), true);
window.addEventListener("beforeunload", (event) => {
  if (fields().some((field) => written.has(field.id) && field.value !== field.defaultValue) && !sending) event.preventDefault();
});

// --- the note is saved while it is written ------------------------------------------------------------------------

const PAUSE = 1200; // milliseconds without a key
let pause = 0;
let saving = null;

let latest = { place: "", version: 0 }; // of the note that was saved last; an answer on its way may know an older one

function followVersion() {
  const note = document.querySelector("[data-saves]");
  const version = note?.querySelector("[name=note_version]");
  if (note?.dataset.saves === latest.place && Number(version.value) < latest.version) version.value = latest.version;
}

const unsaved = (note) => [...note.querySelectorAll("[data-note]")].filter((field) => written.has(field.id));

function sayNotSaved(note, why) {
  const notice = note.querySelector("[data-not-saved]");
  notice.hidden = !why;
  notice.querySelector("span").textContent = why;
}

async function save() {
  const note = document.querySelector("[data-saves]");
  if (!note) return;
  if (saving || sending) return later();
  const typed = unsaved(note).map((field) => [field.id, field.name, field.value]);
  if (!typed.length) return;
  const form = document.getElementById("act");
  const version = note.querySelector("[name=note_version]");
  const place = note.dataset.saves;
  const body = new URLSearchParams(typed.map(([, name, value]) => [name, value]));
  body.set("note_version", version.value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  try {
    saving = fetch(note.dataset.saves, { method: "POST", body, credentials: "same-origin" });
    const answer = await saving;
    const told = await answer.json();
    if (!answer.ok) return sayNotSaved(note, told.detail);
    latest = { place, version: told.version };
    followVersion();
    for (const [id, , value] of typed) {
      const field = document.getElementById(id);
      if (field) field.defaultValue = value;
      saved.set(id, { text: value, version: told.version });
      if (written.get(id) === value) written.delete(id);
    }
    const now = document.querySelector("[data-saves]");
    if (now?.dataset.saves !== place) return;
    sayNotSaved(now, "");
    now.querySelector("[data-saved]").textContent = told.text;
  } catch {
    later(); // no answer: what was typed is still there, and is sent again
  } finally {
    saving = null;
  }
  if (document.querySelector("[data-saves]") && unsaved(document.querySelector("[data-saves]")).length) later();
}

function later() {
  clearTimeout(pause);
  pause = setTimeout(save, PAUSE);
}

// A template is filled in by the server, into what was typed too: what is on its way arrives first, and afterwards the
// answer holds what was typed, unless it was typed on meanwhile.

const fills = ({ detail }) => detail.elt?.closest("form")?.matches("[data-fills]");
let filledInto = [];

document.addEventListener("htmx:confirm", (event) => {
  if (!saving || !fills(event)) return;
  event.preventDefault();
  saving.finally(() => event.detail.issueRequest(true));
});
document.addEventListener("htmx:configRequest", (event) => {
  if (fills(event)) filledInto = [...written];
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status !== 200) filledInto = [];
  for (const [id, text] of filledInto) if (written.get(id) === text && document.getElementById(id)?.matches("[data-note]")) written.delete(id);
  filledInto = [];
});

document.addEventListener("input", ({ target }) => target.matches("[data-note]") && later());
document.addEventListener("focusout", ({ target }) => target.matches?.("[data-note]") && save());
document.addEventListener("visibilitychange", () => document.hidden && save());

// --- what is typed but not added is not lost at the end of the visit ------------------------------------------------

function stopUnadded(event) {
  if (!event.target.closest?.("#act button")) return;
  const field = [...document.querySelectorAll("[data-added=must]")].find(({ value }) => value.trim());
  const left = Boolean(field);
  const notice = document.querySelector("[data-not-added]");
  if (notice) notice.hidden = !left;
  if (!left) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  field.focus();
}

document.addEventListener("click", stopUnadded, true); // before anything is sent

// --- medicines and tests of the hospital's lists and codes of diagnoses, while one is typed --------------------------

const TYPING = 250; // milliseconds without a key
const SUGGESTED = 20;
let asking = 0;

const SAID = {
  "rx-medicine": ({ name, strength, form }) => `${name} ${strength} ${form}`,
  "dx-text": ({ code, title }) => `${code} ${title}`,
  "test-names": ({ name }) => name,
};
const SEVERAL = ["test-names"]; // fields of several with commas between them: the last one is being typed

// A browser leaves out what does not hold the typed text; what the server has found by other words holds it as a label.
function offered(text, wanted) {
  return new Option(text.toLowerCase().includes(wanted.toLowerCase()) ? "" : wanted, text);
}

async function suggest(field) {
  const { list } = field;
  const typed = field.value.trim();
  const before = SEVERAL.includes(field.id) ? typed.slice(0, typed.lastIndexOf(",") + 1) : "";
  const wanted = typed.slice(before.length).trim();
  if (!list || wanted.length < 2) return;
  const query = new URLSearchParams({ search: wanted.slice(0, 80), pageSize: SUGGESTED });
  try {
    const answer = await fetch(`${list.dataset.search}?${query}`, { credentials: "same-origin" });
    if (!answer.ok || field.value.trim() !== typed) return;
    const { results } = await answer.json();
    list.replaceChildren(...results.map((row) => offered(`${before} ${SAID[field.id](row)}`.trim(), typed)));
  } catch {
    // no answer: anything can be typed all the same
  }
}

document.addEventListener("input", ({ target }) => {
  if (!(target.id in SAID)) return;
  clearTimeout(asking);
  asking = setTimeout(suggest, TYPING, target);
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

// --- a soft chime for who comes new while nobody looks at the list: another tab is open, or nobody was waiting --------

const CUE_KEPT = "opd.console.cue";
const LOUDNESS = 0.15;

let audio = null; // browsers make no sound before somebody has touched the page
let known = null; // numbers that waited when last looked

const wantsCue = () => localStorage.getItem(CUE_KEPT) !== "off";
const waiting = () => new Set([...document.querySelectorAll("#lists ol .tag")].map((tag) => tag.textContent));

function listen() {
  const before = known;
  known = waiting();
  const isNew = before && [...known].some((number) => !before.has(number));
  if (isNew && (document.hidden || before.size === 0) && wantsCue() && audio) window.opd.chime(audio, LOUDNESS);
}

function showCue() {
  const button = document.querySelector("[data-cue]");
  if (!button) return; // where a counter is chosen
  button.hidden = false;
  button.setAttribute("aria-pressed", String(wantsCue()));
}

for (const sign of ["pointerdown", "keydown"]) {
  document.addEventListener(sign, () => (audio ??= new AudioContext()), { once: true });
}
document.addEventListener("click", ({ target }) => {
  if (!target.closest?.("[data-cue]")) return;
  localStorage.setItem(CUE_KEPT, wantsCue() ? "off" : "on");
  showCue();
});

function shown() {
  restore();
  followVersion();
  find();
  count();
  listen();
  showCue();
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

shown();
setInterval(count, 1000);
