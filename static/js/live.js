// The one live module. A page has one root element that says what it follows:
//   data-stream, data-seq   the stream and the number of the last change the page shows
//   data-as-of, data-clock  when that was: an ISO time, and the same moment as the hospital's clock shows it
//   data-socket             where changes are told (with data-join, a tracking code, for somebody not signed in)
//   data-poll               where the same root can be fetched, when there is no socket or a change brings no HTML
//   data-version            changes when the page's own files do: the page then reloads itself
//   data-title, data-state  copied to the title and the body
// Inside the root, elements with data-part and an id are replaced one by one, so that a part somebody types in can
// stay while the others move on; data-v says whether such a part has changed. Without parts all is replaced. What an
// answer said (data-said) stays in the new part's data-says until the next answer: it may come with news.
// body[data-link] says how fresh all this is: page, live, retry, polling or lost. The words for each stand in the page.

const SILENCE = 15_000; // a server says something at least every 10 s
const SAY_EVERY = 30_000; // and ends a connection that says nothing for longer than 90 s
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;
const RESTARTED = 1012; // the server ends on purpose, and with it everybody's connection: not all come back at once
const SPREAD = 3_000;
const FAILURES_BEFORE_POLLING = 3;
const POLL_EVERY = 7_000; // a board may ask ten times a minute
const FETCH_LIMIT = 10_000;
const FETCH_PAUSE = 300;
const RENEW_AGAIN = 4_000;
const RENEW_AT_MOST = 5;
const DAY = 86_400_000;
const REFUSED = [401, 403, 404]; // signed out, taken back or gone meanwhile
const ENDED = [4401, 4403]; // the same, as a socket's end
// What would be lost if it were replaced; a field with data-keeps is filled again by its page.
const TYPED = 'input:not([type="hidden"], [type="submit"], [type="button"], [data-keeps]), textarea, select';

const body = document.body;
const root = () => document.querySelector("[data-stream]");

// --- the hospital's clock ---------------------------------------------------------------------------------------
// Every time the server tells reaches us late, never early: the highest difference seen is the best one. It is taken
// against a clock that nobody can set.

let ahead = -Infinity;
let zone = 0;
let lastHeard = 0;

const serverNow = () => performance.now() + ahead;
const face = (time) => new Date(time + zone).toISOString().slice(11, 16);
const fill = (selector, text) => {
  for (const element of document.querySelectorAll(selector)) {
    if (element.textContent !== text) element.textContent = text;
  }
};

function hearTime(told) {
  ahead = Math.max(ahead, told - performance.now());
}

function learnTime({ asOf, clock }) {
  const told = Date.parse(asOf);
  hearTime(told);
  const [hours, minutes] = clock.split(":").map(Number);
  const minuteOfDay = Math.floor((told % DAY) / 60_000);
  const difference = hours * 60 + minutes - minuteOfDay;
  zone = (((difference + 2160) % 1440) - 720) * 60_000;
}

// --- how fresh the page is --------------------------------------------------------------------------------------

function heard(state) {
  lastHeard = performance.now();
  fill("[data-as-of-face]", face(serverNow()));
  body.dataset.link = state;
}

// --- putting what came into the page ----------------------------------------------------------------------------

const held = new Map(); // parts that came while somebody was typing in the old ones, by id

const numbers = (sequence) => sequence.split(" ").map(Number);
function older(sequence, shown) {
  const now = numbers(shown);
  return numbers(sequence).some((number, index) => number < now[index]);
}

function changed(control) {
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control.matches("select")) {
    const first = [...control.options].find((option) => option.defaultSelected) ?? control.options[0];
    return control.value !== (first?.value ?? "");
  }
  return control.value !== control.defaultValue;
}

function typedIn(part) {
  const controls = [...part.querySelectorAll(TYPED)];
  return controls.includes(document.activeElement) || controls.some(changed);
}

// What was typed and not sent, by the field and whose visit its form is about.
const belongs = (control) => `${control.form?.elements.visit?.value ?? ""} ${control.id}`;

function typedOf(part) {
  const controls = [...part.querySelectorAll(TYPED)].filter((control) => control.id && changed(control));
  return new Map(controls.map((control) => [belongs(control), control]));
}

function typeAgain(part, typed) {
  for (const control of part.querySelectorAll(TYPED)) {
    const before = typed.get(belongs(control));
    if (!before || before === control || changed(control)) continue;
    control.value = before.value;
    control.checked = before.checked;
  }
}

// Replaces the content and leaves focus, scrolling and open menus (details with data-keeps) as they were.
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [part, ...part.querySelectorAll("[id]")].filter((element) => element.id && element.scrollTop);
  const heights = scrolled.map((element) => [element.id, element.scrollTop]);
  const open = [...part.querySelectorAll("details[data-keeps][open]")].map((menu) => menu.id);
  const said = part.querySelector("[data-said]");
  copyAttributes(part, fresh);
  part.replaceChildren(...fresh.childNodes);
  if (said && !part.querySelector("[data-said]")) part.querySelector("[data-says]")?.prepend(said);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, top] of heights) document.getElementById(id)?.scrollTo(0, top);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function copyAttributes(element, from) {
  for (const { name } of [...element.attributes]) if (!from.hasAttribute(name)) element.removeAttribute(name);
  for (const { name, value } of from.attributes) element.setAttribute(name, value);
}

function update(part, fresh) {
  if (part.dataset.v && part.dataset.v === fresh.dataset.v) return;
  if (typedIn(part)) {
    held.set(part.id, fresh);
  } else {
    replace(part, fresh);
    held.delete(part.id);
  }
}

function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-stream]");
  const shown = root();
  if (fresh && fresh.dataset.stream !== shown.dataset.stream && !typedIn(shown)) return location.reload(); // sent on to another queue
  if (!fresh || older(fresh.dataset.seq, shown.dataset.seq)) return;
  if (fresh.dataset.version !== shown.dataset.version && !typedIn(shown)) return location.reload();
  const parts = [...shown.querySelectorAll("[data-part]")];
  if (parts.length) {
    copyAttributes(shown, fresh);
    for (const part of parts) {
      const next = fresh.querySelector(`#${part.id}`);
      if (next) update(part, next);
    }
  } else {
    update(shown, fresh);
  }
  window.htmx?.process(shown);
  settle();
}

// Shows the parts that waited; what was typed goes into the same fields of the new ones, if they are about the same.
function takeHeld() {
  for (const [id, fresh] of held) {
    const part = document.getElementById(id);
    if (!part) continue;
    const typed = typedOf(part);
    replace(part, fresh);
    typeAgain(part, typed);
    window.htmx?.process(part);
  }
  held.clear();
  settle();
}

function settle() {
  const { title, state } = root().dataset;
  if (title) document.title = title;
  if (state) body.dataset.state = state;
  learnTime(root().dataset);
  for (const bar of document.querySelectorAll("[data-news]")) bar.hidden = held.size === 0;
  document.dispatchEvent(new CustomEvent("opd:put"));
}

// --- fetching ---------------------------------------------------------------------------------------------------

let etag = "";
let fetching = null;
let fetchAgain = false;

async function load() {
  const headers = { "HX-Request": "true", "X-Background": "1" }; // asked by the page, not by a person
  if (etag && !wanted) headers["If-None-Match"] = etag; // a page may be another one at the same number
  const signal = AbortSignal.timeout(FETCH_LIMIT);
  const response = await fetch(root().dataset.poll, { headers, signal, cache: "no-store" });
  if (response.redirected || REFUSED.includes(response.status)) return location.reload(); // the page says why
  if (response.status === 304) return;
  if (!response.ok) throw new Error(`answered ${response.status}`);
  etag = response.headers.get("ETag") ?? "";
  put(await response.text());
}

// Fetches the root once, and once more a little later when something changed during the fetch.
async function refresh() {
  fetchAgain = fetching !== null;
  if (fetching) return fetching;
  fetching = load();
  try {
    await fetching;
  } finally {
    fetching = null;
  }
  if (!fetchAgain) return;
  await new Promise((resolve) => setTimeout(resolve, FETCH_PAUSE));
  return refresh();
}

// --- the own place of whoever came by a link ----------------------------------------------------------------------
// The server says where they stand whenever that changes; only when it calls the page by another word than the shown one
// (data-place) is the page fetched, and not before the server says so: a hall of phones must not ask all at once.

let due = 0; // the timer, and when it ends
let dueAt = Infinity;
let wanted = ""; // the page that was not fetched yet, and how often it was tried
let tries = 0;

async function renew() {
  dueAt = Infinity;
  tries += 1;
  await refresh().catch(() => {}); // asked for again a while after something is heard
  if (root().dataset.place === wanted || tries >= RENEW_AT_MOST) wanted = "";
}

function renewIn(pause) {
  const at = performance.now() + pause;
  if (at >= dueAt) return;
  clearTimeout(due);
  dueAt = at;
  due = setTimeout(renew, pause);
}

function hearPlace({ sequence, fetchIn, data }) {
  const shown = root().dataset;
  if (data.page !== shown.place) {
    if (wanted !== data.page) tries = 0;
    wanted = data.page;
    return renewIn(fetchIn);
  }
  shown.seq = String(sequence);
  document.dispatchEvent(new CustomEvent("opd:place", { detail: data }));
}

let polling = 0;

async function poll() {
  try {
    await refresh();
    if (polling) heard("polling");
  } catch {
    // Silence is noticed by the watch below.
  }
}

function startPolling() {
  if (polling) return;
  polling = setInterval(poll, POLL_EVERY);
  poll();
}

function stopPolling() {
  clearInterval(polling);
  polling = 0;
}

// --- the socket -------------------------------------------------------------------------------------------------

let socket = null;
let failures = 0;
let retry = 0;
let lastSaid = 0;
let lastFrame = 0;
let sourceGone = false; // the server itself has lost its source: what it says is old until it tells a change again

function hello({ stream, seq, join }) {
  const lastReceivedEventId = `${stream}:${seq}`;
  return join ? { type: "join-queue", token: join, lastReceivedEventId } : { type: "subscribe", stream, lastReceivedEventId };
}

function say(frame) {
  lastSaid = performance.now();
  socket.send(JSON.stringify(frame));
}

function connect() {
  const { dataset } = root();
  lastFrame = performance.now();
  socket = new WebSocket(new URL(dataset.socket, location.href).href.replace(/^http/, "ws"));
  socket.onopen = () => say(hello(root().dataset));
  socket.onmessage = ({ data }) => hear(JSON.parse(data));
  socket.onclose = ({ code }) => {
    again(code === RESTARTED ? SPREAD * Math.random() : 0);
    if (ENDED.includes(code)) poll();
  };
}

// Ends a connection that is of no use, without waiting for the other side to agree.
function drop() {
  if (!socket) return;
  socket.onclose = socket.onmessage = null;
  socket.close();
  again();
}

function again(later = 0) {
  socket = null;
  failures += 1;
  if (body.dataset.link === "live") body.dataset.link = "retry";
  if (failures >= FAILURES_BEFORE_POLLING) startPolling();
  const pause = later + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (failures - 1)) * (0.3 + 1.4 * Math.random());
  clearTimeout(retry);
  retry = setTimeout(connect, pause);
}

function hear(frame) {
  lastFrame = performance.now();
  if (frame.type === "stale") {
    if (!sourceGone) body.dataset.link = "lost";
    sourceGone = true;
    return startPolling();
  }
  if (frame.type === "connected") return; // a greeting says nothing about the data
  if (frame.type === "error") return drop();
  const own = frame.type === "queue-status" && frame.data.page;
  const tells = frame.type === "queue-update" || frame.type === "resync";
  if (tells) sourceGone = false;
  if (sourceGone) return;
  failures = 0;
  stopPolling();
  if (frame.at) hearTime(Date.parse(frame.at));
  heard("live");
  if (own) return hearPlace(frame);
  if (wanted) renewIn(RENEW_AGAIN * (0.5 + Math.random()));
  if (!tells || root().dataset.place) return;
  const { payload } = frame.type === "resync" ? frame.data : frame;
  if (payload?.html) put(payload.html);
  else refresh().catch(() => {}); // what is missed now comes with the next change
}

// --- the page ---------------------------------------------------------------------------------------------------

function watch() {
  fill("[data-clock-face]", face(serverNow()));
  if (socket?.readyState === WebSocket.OPEN && performance.now() - lastSaid > SAY_EVERY) say({ type: "heartbeat" });
  if (performance.now() - lastHeard > SILENCE) body.dataset.link = "lost";
  if (performance.now() - lastFrame > SILENCE) drop();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-take-news]")) takeHeld();
});
document.addEventListener("htmx:afterSettle", () => {
  held.clear(); // the answer to a press is newer than what waited
  settle();
});
window.addEventListener("online", () => {
  if (!socket && root().dataset.socket) {
    clearTimeout(retry);
    connect();
  }
});

window.opd = { serverNow, clock: () => face(serverNow()) };
learnTime(root().dataset);
lastHeard = performance.now();
setInterval(watch, 1000);
if (root().dataset.socket) connect();
else startPolling();
