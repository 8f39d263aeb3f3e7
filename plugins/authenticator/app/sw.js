// The service worker. It keeps the app, so that it opens without a network; it shows notifications, and leads from them
// to the app. It has no keys and asks the gateway nothing.
"use strict";

/** @type {any} */
const worker = self;

const SHELL = "doorward-shell";
const START = "/a/";
const NOTIFICATION = "/a/notification.json";

/** A network that says nothing for so long is none, in milliseconds. */
const PATIENCE = 4000;

/** All that the app cannot begin without. */
const FILES = [
  START,
  "/a/style.css",
  "/a/main.js",
  "/a/activation.js",
  "/a/app.js",
  "/a/camera.js",
  "/a/install.js",
  "/a/passcode.js",
  "/a/pinfields.js",
  "/a/problems.js",
  "/a/route.js",
  "/a/shell.js",
  "/a/ui.js",
  "/a/unlock.js",
  "/a/watch.js",
  "/a/words.js",
  "/a/worker.js",
  "/a/views/account.js",
  "/a/views/bio.js",
  "/a/views/change-pin.js",
  "/a/views/check.js",
  "/a/views/code.js",
  "/a/views/consent.js",
  "/a/views/done.js",
  "/a/views/finish.js",
  "/a/views/handoff.js",
  "/a/views/home.js",
  "/a/views/manage.js",
  "/a/views/message.js",
  "/a/views/notify.js",
  "/a/views/opening.js",
  "/a/views/pin.js",
  "/a/views/problem.js",
  "/a/views/remove.js",
  "/a/views/report.js",
  "/a/views/request.js",
  "/a/views/scan.js",
  "/a/views/settings.js",
  "/a/views/unable.js",
  "/a/views/welcome.js",
  "/a/core/index.js",
  "/a/core/account.js",
  "/a/core/activate.js",
  "/a/core/agree.js",
  "/a/core/bio.js",
  "/a/core/bytes.js",
  "/a/core/call.js",
  "/a/core/device.js",
  "/a/core/error.js",
  "/a/core/link.js",
  "/a/core/otp.js",
  "/a/core/pin.js",
  "/a/core/push.js",
  "/a/core/scan.js",
  "/a/core/seal.js",
  "/a/core/store.js",
  "/a/vendor/opaque.js",
  "/a/vendor/qr/decode.js",
  "/a/vendor/qr/index.js",
  "/a/locales/en.json",
  "/a/icons/logo.svg",
  "/a/icons/icon-192.png",
  "/a/icons/badge-96.png",
];

/** What else is asked for is kept once it has come: the words of the language that is spoken. */
const OURS = /^\/a\/(?!v1\/)[A-Za-z0-9/_.-]+\.(js|css|json|svg|png)$/;

worker.addEventListener("install", (/** @type {any} */ event) => {
  const keep = async () => {
    const cache = await caches.open(SHELL);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const name = keptAs(event.request);
  if (name) event.respondWith(freshOrKept(event.request, name));
});

/**
 * The name under which an answer is kept; null for all that is never kept: calls to the gateway, and the manifest,
 * which may carry a ticket. A page's query does not count: it is not written down anywhere.
 * @param {Request} request @returns {string|null}
 */
function keptAs(request) {
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return null;
  if (request.mode === "navigate") return pathname === START ? START : null;
  return search === "" && OURS.test(pathname) ? pathname : null;
}

/** The network's answer, or what was kept where there is none. @param {Request} request @param {string} name */
async function freshOrKept(request, name) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(name);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok && answer.type === "basic") await cache.put(name, answer.clone());
    return answer.status >= 500 && kept ? kept.clone() : answer;
  });
  if (!kept) return fresh;
  const late = new Promise((give) => setTimeout(() => give(kept), PATIENCE));
  return Promise.race([fresh.catch(() => kept), late]);
}

// --- notifications ---

worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(show(event.data)));

/**
 * Always shows something: a push service that wakes us for nothing ends the subscription. Neither who nor where is
 * told, for a locked screen can be read by others.
 * @param {{json: () => any}|null} data
 */
async function show(data) {
  const { issuer, push } = read(data);
  const words = await notificationWords();
  await worker.registration.showNotification(issuer ?? words.title, {
    body: words.body,
    lang: words.lang,
    dir: words.dir,
    icon: "/a/icons/icon-192.png",
    badge: "/a/icons/badge-96.png",
    tag: push ?? "doorward",
    renotify: true,
    requireInteraction: true,
    data: { push },
  });
}

/** @param {{json: () => any}|null} data @returns {{issuer: string|null, push: string|null}} */
function read(data) {
  try {
    const { notification, doorward } = data?.json() ?? {};
    const title = notification?.title;
    const push = doorward?.push;
    const issuer = typeof title === "string" && title.length > 0 && title.length <= 120 ? title : null;
    return { issuer, push: typeof push === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(push) ? push : null };
  } catch {
    return { issuer: null, push: null };
  }
}

async function notificationWords() {
  const english = { title: "Doorward Authenticator", body: "Sign-in request", lang: "en", dir: "ltr" };
  const kept = await (await caches.open(SHELL)).match(NOTIFICATION);
  return kept ? { ...english, ...(await kept.json().catch(() => ({}))) } : english;
}

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(openApp(event.notification.data?.push ?? null));
});

/** @param {string|null} push */
async function openApp(push) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((/** @type {any} */ client) => new URL(client.url).pathname === START);
  if (there) {
    if (push) there.postMessage({ push });
    return there.focus();
  }
  return worker.clients.openWindow(push ? `${START}?push=${encodeURIComponent(push)}` : START);
}
