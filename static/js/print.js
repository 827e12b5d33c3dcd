// The slip prints when its button is pressed, and at once when the page is opened by "Give number and print".

const button = document.querySelector("[data-print]");

button.addEventListener("click", () => window.print());
if (button.dataset.print === "now") window.addEventListener("load", () => window.print(), { once: true });
