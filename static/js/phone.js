// On a patient's phone: what works without a connection. The worker keeps the page for that, and nothing of anybody.

const worker = document.querySelector('meta[name="opd-worker"]');
if (worker && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(worker.content).catch(() => {}); // a private window has none
}
