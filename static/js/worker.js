// The service worker of patients' phones. It keeps one page, /offline/, with what that needs, and shows it in place of
// a patient's page that cannot be fetched. It keeps no page of anybody: what the offline page says of a visit is what
// track.js noted last. Its address carries the language and the version of what it keeps: another one replaces it.

const OFFLINE = "/offline/";
const KEPT = `shell ${location.search}`;
const FOR_PATIENTS = /^\/(?:$|t\/|me\/|book\/|login)/;

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch(OFFLINE, { cache: "no-store" });
  if (!page.ok) throw new Error(`answered ${page.status}`);
  const html = await page.clone().text();
  const parts = [...html.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, address]) => address);
  await cache.addAll(parts);
  await cache.put(OFFLINE, page);
}

async function dropOthers() {
  const old = (await caches.keys()).filter((name) => name.startsWith("shell ") && name !== KEPT);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function fromKept(address) {
  return (await caches.match(address, { cacheName: KEPT, ignoreVary: true })) ?? Response.error();
}

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(dropOthers()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  if (request.mode === "navigate" && FOR_PATIENTS.test(pathname)) {
    event.respondWith(fetch(request).catch(() => fromKept(OFFLINE)));
  } else if (pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(() => fromKept(request.url)));
  }
});

// --- notifications: what the hospital says; pressed, they lead to the family's page -------------------------------

self.addEventListener("push", (event) => {
  const { title, body, id } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag: id, icon: "/static/icons/parchi.svg", vibrate: [200, 100, 200] }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/me/"));
});
