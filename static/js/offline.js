// The page without a connection: what was known last of the visit at this address, and when. It tries again by itself.

const TRY_EVERY = 5_000;
const LONGEST = 18 * 60 * 60 * 1000; // what is older says nothing about today

async function known() {
  const noted = await (await caches.open("last")).match(location.pathname);
  const last = await noted?.json();
  return last && Date.now() - Date.parse(last.at) < LONGEST ? last : null;
}

function show(last) {
  for (const element of document.querySelectorAll("[data-last]")) element.textContent = last[element.dataset.last];
  for (const picture of document.querySelectorAll("[data-symbol]")) picture.hidden = picture.dataset.symbol !== last.symbol;
  for (const element of document.querySelectorAll("[data-known]")) element.hidden = false;
  for (const element of document.querySelectorAll("[data-unknown]")) element.hidden = true;
}

// A phone may believe itself connected before it reaches anybody: so the hospital is asked, past the worker.
async function again() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (answer.status < 500) location.reload();
  } catch {
    // Still nobody: asked again by the clock below.
  }
}

document.querySelector("[data-again]").addEventListener("click", () => location.reload());
window.addEventListener("online", again);
setInterval(again, TRY_EVERY);

const last = await known();
if (last) show(last);
