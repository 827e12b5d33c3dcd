// Checking in by phone: the place is asked for once, when the button is pressed, and sent with the form; without it the
// form goes as it is, and the desk looks.

const form = document.querySelector("[data-here]");
const PATIENCE = 8000; // milliseconds for a phone to find out where it is

function send({ coords } = {}) {
  if (coords) for (const name of ["latitude", "longitude", "accuracy"]) form.elements[name].value = coords[name];
  form.submit();
}

form.addEventListener("submit", (event) => {
  if (!navigator.geolocation) return;
  event.preventDefault();
  form.querySelector("[data-looking]").hidden = false;
  form.querySelector("button").disabled = true;
  navigator.geolocation.getCurrentPosition(send, () => send(), { enableHighAccuracy: true, timeout: PATIENCE });
});
