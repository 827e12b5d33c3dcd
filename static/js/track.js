// The patient's page: the bar of the browser takes the page's colour, and the phone shakes once when the turn comes.

const SHAKE = [200, 100, 200];

let state = document.body.dataset.state;
const colour = document.createElement("meta");
colour.name = "theme-color";
document.head.append(colour);

function paint() {
  colour.content = getComputedStyle(document.body).backgroundColor;
}

document.addEventListener("opd:put", () => {
  const before = state;
  state = document.body.dataset.state;
  if (state === "called" && before !== "called") navigator.vibrate?.(SHAKE);
  paint();
});

paint();
