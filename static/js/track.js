// The patient's page: the bar of the browser takes the page's colour, the phone shakes once when the turn comes, the page
// can be listened to and shared, and what it says is noted for the page without a connection: number, room, place in
// the queue and time. No name, no doctor, no department.

const SHAKE = [200, 100, 200];
const OVER = ["done", "missed"];

const part = () => document.querySelector("[data-stream]");
let state = document.body.dataset.state;
const colour = document.createElement("meta");
colour.name = "theme-color";
document.head.append(colour);

function paint() {
  colour.content = getComputedStyle(document.body).backgroundColor;
}

// --- for the page without a connection ----------------------------------------------------------------------------

async function note() {
  if (!("caches" in window)) return;
  const last = await caches.open("last");
  const { asOf, clock, token, room, symbol, say } = part().dataset;
  if (OVER.includes(document.body.dataset.state)) return last.delete(location.pathname);
  const said = JSON.stringify({ at: asOf, clock, token, room, symbol, said: say });
  return last.put(location.pathname, new Response(said));
}

// --- listening: offered where the phone has a voice of the page's language -------------------------------------------

const listen = document.querySelector("[data-listen]");
const { lang } = document.documentElement;
const voice = () => speechSynthesis.getVoices().find((one) => one.lang.replace("_", "-").split("-")[0] === lang);

function speak() {
  const words = new SpeechSynthesisUtterance(part().dataset.say);
  words.lang = `${lang}-IN`;
  words.voice = voice();
  speechSynthesis.cancel();
  speechSynthesis.speak(words);
}

function offerVoice() {
  listen.hidden = !voice();
}

if ("speechSynthesis" in window) {
  speechSynthesis.addEventListener("voiceschanged", offerVoice);
  listen.addEventListener("click", speak);
  offerVoice();
}

// --- sharing --------------------------------------------------------------------------------------------------------

const share = document.querySelector("[data-share]");

async function give() {
  const { token, title } = part().dataset;
  if (navigator.share) return navigator.share({ title: share.dataset.share, text: title ?? token, url: location.href });
  await navigator.clipboard.writeText(location.href);
  document.querySelector("[data-shared]").hidden = false;
}

share.hidden = !(navigator.share || navigator.clipboard);
share.addEventListener("click", () => give().catch(() => {})); // closed without choosing anybody

// --- the own place: what changes at each call for those who are far from the door ---------------------------------------

const tags = (labels, before) =>
  labels.map((label) => {
    const tag = before.cloneNode();
    tag.textContent = label;
    return tag;
  });

document.addEventListener("opd:place", ({ detail: { position, nowServing } }) => {
  const { dataset } = part();
  const ahead = position - 1;
  const seen = document.querySelectorAll("[data-seen] .tag");
  if (seen.length) seen[0].parentNode.replaceChildren(...tags(nowServing, seen[0]));
  if (!dataset.titleFar || !position) return;
  const title = dataset.titleFar.replace("#", ahead);
  dataset.say = dataset.say.replace(dataset.title, title);
  dataset.title = document.title = title;
  document.querySelector("[data-ahead]").textContent = ahead;
  const way = document.querySelector("[data-way]");
  way.setAttribute("aria-label", way.dataset.way.replace("#", ahead));
  const more = way.querySelector("[data-beyond]");
  more.textContent = `+${ahead - more.dataset.beyond}`;
  dataset.asOf = new Date(window.opd.serverNow()).toISOString();
  dataset.clock = window.opd.clock();
  note();
});

// --- changes --------------------------------------------------------------------------------------------------------

document.addEventListener("opd:put", () => {
  const before = state;
  state = document.body.dataset.state;
  if (state === "called" && before !== "called") navigator.vibrate?.(SHAKE);
  paint();
  note();
});

paint();
note();
