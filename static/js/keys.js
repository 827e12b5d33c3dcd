// Keys of staff pages. A control names its own keys in aria-keyshortcuts; pressing them focuses a field or presses a
// button or link. No single letters: they disturb people who write by voice. Ctrl+/ lists what the page knows.

const GUARD = 800; // a key that has just acted is deaf for this long, so that leaning on it acts once

const lastActed = new Map();

function combination(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Control");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey) parts.push("Shift");
  parts.push(event.key.length === 1 ? event.key.toUpperCase() : event.key);
  return parts.join("+");
}

// Of what can be seen, and beneath an open dialog nothing.
function usable(control) {
  const dialog = document.querySelector("dialog[open]");
  return !control.disabled && control.getClientRects().length > 0 && (!dialog || dialog.contains(control));
}

function controlFor(keys) {
  return [...document.querySelectorAll("[aria-keyshortcuts]")].find(
    (control) => control.getAttribute("aria-keyshortcuts") === keys && usable(control),
  );
}

function act(control) {
  if (control.matches("input, textarea, select")) {
    control.focus();
    control.select?.();
  } else {
    control.click();
  }
}

document.addEventListener("keydown", (event) => {
  const keys = combination(event);
  const control = controlFor(keys);
  if (!control) return;
  event.preventDefault();
  if (event.repeat || performance.now() - (lastActed.get(keys) ?? -GUARD) < GUARD) return;
  lastActed.set(keys, performance.now());
  act(control);
});

// --- the list of keys ---------------------------------------------------------------------------------------------

function words(control) {
  const copy = control.cloneNode(true);
  for (const key of copy.querySelectorAll("kbd, svg, .busy")) key.remove();
  return (control.getAttribute("aria-label") ?? control.labels?.[0]?.textContent ?? copy.textContent).trim();
}

function row(control) {
  const [term, key, meaning] = ["div", "dt", "dd"].map((name) => document.createElement(name));
  const shown = document.createElement("kbd");
  shown.textContent = control.getAttribute("aria-keyshortcuts").replace("Control", "Ctrl").replaceAll("+", " ");
  key.append(shown);
  meaning.textContent = words(control);
  term.append(key, meaning);
  return term;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (!opener) return;
  const dialog = document.getElementById(opener.dataset.opens);
  const controls = [...document.querySelectorAll("[aria-keyshortcuts]")].filter(usable);
  dialog.querySelector("dl").replaceChildren(...controls.map(row));
  dialog.showModal();
});
