// The desk's lists by keyboard: up and down move along a column of controls, F4 checks in the row that has the focus.

const shown = (row) => [...row.querySelectorAll("a, button, summary")].filter((control) => control.checkVisibility());

function neighbour(control, step) {
  const row = control.closest("tr");
  const place = shown(row).indexOf(control);
  let next = row;
  do next = step > 0 ? next.nextElementSibling : next.previousElementSibling;
  while (next && !next.querySelector("a, button"));
  const controls = next ? shown(next) : [];
  return controls[Math.min(place, controls.length - 1)];
}

document.addEventListener("keydown", (event) => {
  const control = event.target.closest("[data-rows] tbody :is(a, button, summary)");
  if (!control) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    neighbour(control, step)?.focus();
  } else if (event.key === "F4") {
    event.preventDefault();
    control.closest("tr").querySelector("[data-check-in]")?.click();
  }
});
