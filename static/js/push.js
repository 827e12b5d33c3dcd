// Turning notifications of this browser on and off. The forms do the work; here the browser is asked for its address.

const part = document.querySelector("[data-push]");
const key = part?.dataset.push;
const form = document.querySelector("[data-subscribe]");
const able = key && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

// Whether a subscription was made for the key that the hospital has now; a browser refuses another key beside it.
function isOurs(held) {
  return String(new Uint8Array(held.options.applicationServerKey)) === String(bytes(key));
}

async function mine() {
  const worker = await navigator.serviceWorker.ready;
  return worker.pushManager.getSubscription();
}

// Whether the hospital still sends to this browser: it names those it knows by a digest of their addresses. One that it
// has let go of, because five others came after it, has its subscription still.
async function isKnown(held) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(held.endpoint));
  const mark = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return part.dataset.browsers.split(" ").includes(mark);
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  const worker = await navigator.serviceWorker.ready;
  const held = await worker.pushManager.getSubscription();
  if (held && !isOurs(held)) await held.unsubscribe();
  const asked = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  const { endpoint, keys } = (await worker.pushManager.subscribe(asked)).toJSON();
  for (const [name, value] of Object.entries({ endpoint, ...keys })) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.submit();
}

if (able) {
  const held = await mine();
  const off = document.querySelector("[data-unsubscribe]");
  const isOn = Boolean(held && off) && (await isKnown(held));
  form.hidden = isOn;
  part.querySelector("[data-without]").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().catch(() => (part.querySelector("[data-refused]").hidden = false));
  });
  if (off) {
    off.hidden = !isOn;
    off.addEventListener("submit", async (event) => {
      event.preventDefault();
      off.elements.endpoint.value = held.endpoint; // this browser only: others of the family go on
      await held.unsubscribe().catch(() => false);
      off.submit();
    });
  }
}
