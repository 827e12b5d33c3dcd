// The waiting-room board: pages of rooms, one call after the other, chime and voice, and the nightly reload.

const ROOMS_ON_A_PAGE = 5;
const PAGE_TIME = 8_000;
const CALL_TIME = 8_000;
const SPOKEN_FOR = 30_000; // a call heard of later than this is shown, not announced
const CALLS_REMEMBERED = 200;
const RELOAD_AT = "03:30";
const CLIP_LIMIT = 5_000;
const BREATH = 0.25; // seconds before each language
const KNOWN_KEPT = "opd.board.calls";
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

// What has words shows one language at a time. At the foot the first stays and the others take turns beside it, or, on a
// screen that stands upright, all take turns.
function showWords() {
  for (const words of document.querySelectorAll("[data-turns]")) {
    const tongues = [...words.children];
    tongues.forEach((tongue, index) => tongue.toggleAttribute("data-off", index !== turn % tongues.length));
  }
  for (const line of all(".sit")) {
    const [first, ...others] = line.querySelectorAll("[lang]");
    const own = turn % (others.length + 1);
    first.dataset.first = own ? "resting" : "";
    const beside = own ? own - 1 : turn % others.length;
    others.forEach((words, index) => words.toggleAttribute("data-beside", index === beside));
  }
}

let turn = 0;

function turnPage() {
  turn += 1;
  page += 1;
  showRooms();
  showWords();
}

// --- calls: each is an event with an id; it owns the slip once, for eight seconds and until it is spoken ------------

const known = new Set(JSON.parse(sessionStorage.getItem(KNOWN_KEPT) ?? "[]")); // a reload announces nothing twice
const waiting = [];
let showing = "";
let showingSince = -CALL_TIME;

const slips = () => new Map(all(".slip").map((slip) => [slip.dataset.call, slip]));
const isFresh = (slip) => window.opd.serverNow() - Date.parse(slip.dataset.calledAt) < SPOKEN_FOR;

function remember(id) {
  known.add(id);
  if (known.size > CALLS_REMEMBERED) known.delete(known.values().next().value);
  sessionStorage.setItem(KNOWN_KEPT, JSON.stringify([...known]));
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
  const over = !announcing && (performance.now() - showingSince >= CALL_TIME || !now.has(showing));
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
  if (isNew) announce(now.get(showing));
}

// --- sound: chime and voice as the board is set; on unless somebody switched it off here. Browsers make no sound before
// somebody has touched the page (a kiosk's browser can be told to), so the button says when that is needed. -----------

const button = document.querySelector("[data-sound]");
let audio = null;
let announcing = false;

const isSet = (name) => board().dataset[name] === "on";
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function showSound() {
  button.hidden = !isSet("chime") && !isSet("voice");
  button.setAttribute("aria-pressed", String(audio?.state === "running"));
}

function openAudio() {
  audio ??= new AudioContext();
  audio.onstatechange = showSound;
  return audio.resume();
}

// Switching off closes the context: what was still to be played is gone with it and never comes late.
async function switchSound() {
  const on = audio?.state !== "running";
  localStorage.setItem(SOUND_KEPT, on ? "on" : "off");
  if (on) {
    await openAudio();
    if (isSet("chime")) window.opd.chime(audio);
  } else {
    audio.close();
    audio = null;
  }
  showSound();
}

// One announcement at a time; the next call waits for its end.
async function announce(slip) {
  const speaker = audio;
  if (speaker?.state !== "running" || announcing) return;
  const sentences = slip.dataset.say.split("|").filter(Boolean);
  announcing = true;
  try {
    if (isSet("chime")) await pause(window.opd.chime(speaker));
    for (const sentence of sentences) {
      if (speaker.state === "running") await pause(await speak(speaker, sentence.split(" ")));
    }
  } catch {
    // A clip did not come: the number stands on the board all the same.
  } finally {
    announcing = false;
  }
}

async function clip(speaker, address) {
  const response = await fetch(address, { signal: AbortSignal.timeout(CLIP_LIMIT) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return speaker.decodeAudioData(await response.arrayBuffer());
}

// Plays clips without a gap; the seconds that takes.
async function speak(speaker, addresses) {
  const clips = await Promise.all(addresses.map((address) => clip(speaker, address)));
  const from = speaker.currentTime + BREATH;
  let at = from;
  for (const buffer of clips) {
    const source = new AudioBufferSourceNode(speaker, { buffer });
    source.connect(speaker.destination);
    source.start(at);
    at += buffer.duration;
  }
  return at - from + BREATH;
}

// --- the day ------------------------------------------------------------------------------------------------------

const loadedAt = performance.now();

function reloadAtNight() {
  const isTime = document.querySelector("[data-clock-face]").textContent === RELOAD_AT;
  if (isTime && performance.now() - loadedAt > 120_000 && !announcing) location.reload();
}

document.addEventListener("opd:put", () => {
  showRooms();
  showWords();
  noticeCalls();
  showSound();
});
button.addEventListener("click", switchSound);
setInterval(turnPage, PAGE_TIME);
setInterval(nextCall, 500);
setInterval(reloadAtNight, 20_000);
if (localStorage.getItem(SOUND_KEPT) !== "off") openAudio();
showSound();
showRooms();
showWords();
noticeCalls();
