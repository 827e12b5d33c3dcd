// The check-in kiosk: a reader that types like a keyboard, the big keys, printing, and beginning again when nobody is there.

const IDLE = 45_000; // without a touch; then a warning
const WARNED = 15; // seconds of it
const READER_GAP = 60; // milliseconds between two letters: nobody types faster, every reader does
const SHORTEST_SCAN = 8;

const { step, again } = document.body.dataset;
const phone = document.getElementById("phone");
const scan = document.querySelector("[data-scan]");

// --- the reader: a fast line that ends with Enter ------------------------------------------------------------------

let line = "";
let before = ""; // what stood in the number field when the line began
let lastKey = 0;

function readerTypes(event) {
  const now = performance.now();
  if (now - lastKey > READER_GAP) [line, before] = ["", phone.value];
  lastKey = now;
  if (event.key === "Enter" && line.length >= SHORTEST_SCAN) {
    event.preventDefault();
    phone.value = before;
    scan.elements.code.value = line;
    scan.requestSubmit();
  } else if (event.key.length === 1) {
    line += event.key;
    if (/\D/.test(event.key)) event.preventDefault();
  }
}

// --- the keys ------------------------------------------------------------------------------------------------------

function press(event) {
  const key = event.target.closest("[data-digit], [data-delete]");
  if (!key) return;
  phone.value = key.dataset.digit ? phone.value + key.dataset.digit : phone.value.slice(0, -1);
}

if (step === "start") {
  document.addEventListener("keydown", readerTypes);
  document.addEventListener("click", press);
  phone.focus();
  const listen = document.querySelector("[data-listen]");
  const words = document.querySelector("[data-words]");
  listen.hidden = false;
  listen.addEventListener("click", () => {
    words.currentTime = 0;
    words.play().catch(() => {}); // no sound on this machine
  });
}

// --- the slip ------------------------------------------------------------------------------------------------------

const print = document.querySelector("[data-print-slip]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  if ("now" in print.dataset) window.addEventListener("load", () => window.print(), { once: true });
}

// --- nobody there: a warning, then the first page. Language and whatever was typed are gone with it. ---------------

const warning = document.querySelector("[data-idle]");
const left = warning.querySelector("[data-seconds-left]");
let idle = 0;
let counting = 0;

const isBlank = () => step === "start" && !phone.value && document.body.dataset.fresh === "yes";

function wait() {
  clearTimeout(idle);
  clearInterval(counting);
  if (warning.open) warning.close();
  idle = setTimeout(warn, IDLE);
}

function warn() {
  if (isBlank()) return wait();
  let seconds = WARNED;
  left.textContent = seconds;
  warning.showModal();
  counting = setInterval(() => {
    seconds -= 1;
    left.textContent = seconds;
    if (seconds === 0) location.replace(again);
  }, 1000);
}

for (const sign of ["pointerdown", "keydown"]) document.addEventListener(sign, wait);
wait();
