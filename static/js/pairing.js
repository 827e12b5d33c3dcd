// A screen that has no board: asks for a code by itself, then looks every few seconds whether somebody has typed it.

const LOOK_EVERY = 3_000;

const ask = document.querySelector("[data-ask]");
const code = document.querySelector("[data-seconds]");

async function look() {
  try {
    const answer = await fetch(location.pathname, { redirect: "manual", cache: "no-store", headers: { "X-Background": "1" } });
    if (answer.type === "opaqueredirect") location.reload(); // to the board
  } catch {
    // No connection: the next look comes.
  }
}

if (ask) ask.requestSubmit();
if (code) {
  setInterval(look, LOOK_EVERY);
  setTimeout(() => location.reload(), code.dataset.seconds * 1000);
}
