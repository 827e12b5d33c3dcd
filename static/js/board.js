// The waiting-room board: pages of rooms, one call after the other, the chime, and the nightly reload.

const ROOMS_ON_A_PAGE = 5;
const PAGE_TIME = 8_000;
const CALL_TIME = 8_000;
const SPOKEN_FOR = 30_000; // a call heard of later than this is shown, not chimed
const CALLS_REMEMBERED = 200;
const RELOAD_AT = "03:30";
const SOUND_KEPT = "opd.board.sound";

const board = () => document.getElementById("board");
const all = (selector) => [...board().querySelectorAll(selector)];
const once = (selector) => board().querySelector(selector);

// --- rooms: those with a live call stay, the others take turns ----------------------------------------------------

let page = 0;

function showRooms() {
  const rooms = all(".room-row");
  const calling = (room) => room.dataset.status === "calling";
  const staying = rooms.length > ROOMS_ON_A_PAGE ? rooms.filter(calling).slice(0, ROOMS_ON_A_PAGE - 1) : [];
  const turning = rooms.filter((room) => !staying.includes(room));
  const places = ROOMS_ON_A_PAGE - staying.length;
  const pages = Math.max(1, Math.ceil(turning.length / places));
  page %= pages;
  const shown = turning.slice(page * places, (page + 1) * places);
  for (const room of rooms) room.hidden = !staying.includes(room) && !shown.includes(room);
  once(".pages").hidden = pages === 1;
  once("[data-page]").textContent = page + 1;
  once("[data-pages]").textContent = pages;
}

// The first language stays at the foot, the others take turns beside it.
function showWords() {
  for (const line of all(".sit")) {
    const others = [...line.querySelectorAll(".alt")];
    others.forEach((words, index) => (words.hidden = index !== turn % others.length));
  }
}

let turn = 0;

function turnPage() {
  turn += 1;
  page += 1;
  showRooms();
  showWords();
}

// --- calls: each is an event with an id; it owns the slip once, for eight seconds ----------------------------------

const known = new Set();
const waiting = [];
let showing = "";
let showingSince = -CALL_TIME;

const slips = () => new Map(all(".slip").map((slip) => [slip.dataset.call, slip]));
const isFresh = (slip) => window.opd.serverNow() - Date.parse(slip.dataset.calledAt) < SPOKEN_FOR;

function remember(id) {
  known.add(id);
  if (known.size > CALLS_REMEMBERED) known.delete(known.values().next().value);
}

// Called after every change: slips stand newest first, so the queue takes them from behind.
function noticeCalls() {
  for (const [id, slip] of [...slips()].reverse()) {
    if (known.has(id)) continue;
    remember(id);
    if (isFresh(slip)) waiting.push(id);
  }
  nextCall();
}

function nextCall() {
  const now = slips();
  const over = performance.now() - showingSince >= CALL_TIME || !now.has(showing);
  let isNew = false;
  while (over && waiting.length && !isNew) {
    const id = waiting.shift();
    if (!now.has(id)) continue;
    [showing, showingSince, isNew] = [id, performance.now(), true];
  }
  if (!now.has(showing)) showing = now.keys().next().value ?? "";
  for (const [id, slip] of now) {
    slip.hidden = id !== showing;
    slip.classList.toggle("is-new", id === showing);
    slip.style.animationDelay = `${showingSince - performance.now()}ms`; // a slip put anew goes on, it does not restart
  }
  once(".nobody").hidden = now.size > 0;
  if (isNew) chime();
}

// --- sound: only after somebody touched the board, and remembered over the nightly reload -------------------------

const button = document.querySelector("[data-sound]");
let audio = null;

function showSound() {
  button.hidden = false;
  button.setAttribute("aria-pressed", String(audio?.state === "running"));
}

function openAudio() {
  audio ??= new AudioContext();
  audio.onstatechange = showSound;
  return audio.resume();
}

async function switchSound() {
  const on = audio?.state !== "running";
  localStorage.setItem(SOUND_KEPT, on ? "on" : "off");
  await (on ? openAudio() : audio.suspend());
  if (on) chime();
}

function tone(frequency, start, length) {
  const from = audio.currentTime + start;
  const oscillator = new OscillatorNode(audio, { frequency });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.linearRampToValueAtTime(0.4, from + 0.02);
  gain.gain.setValueAtTime(0.4, from + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, from + length);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(from);
  oscillator.stop(from + length);
}

// Two falling notes, a bit over half a second.
function chime() {
  if (audio?.state !== "running") return;
  tone(880, 0, 0.35);
  tone(660, 0.25, 0.45);
}

// --- the day ------------------------------------------------------------------------------------------------------

const loadedAt = performance.now();

function reloadAtNight() {
  const isTime = document.querySelector("[data-clock-face]").textContent === RELOAD_AT;
  if (isTime && performance.now() - loadedAt > 120_000) location.reload();
}

document.addEventListener("opd:put", () => {
  showRooms();
  showWords();
  noticeCalls();
});
button.addEventListener("click", switchSound);
setInterval(turnPage, PAGE_TIME);
setInterval(nextCall, 500);
setInterval(reloadAtNight, 20_000);
if (localStorage.getItem(SOUND_KEPT) === "on") openAudio();
showSound();
showRooms();
showWords();
noticeCalls();
