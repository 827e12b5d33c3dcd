// The page without a connection: what was known last of the visit at this address, and when. It tries again by itself.

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

const again = () => location.reload();
document.querySelector("[data-again]").addEventListener("click", again);
window.addEventListener("online", again);

const last = await known();
if (last) show(last);
