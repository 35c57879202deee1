// The service worker: keeps the page's files, so that it opens without a line, and leads notifications to their place.

const BASE = "{{base}}";
const FILES = /** @type {string[]} */ (/** @type {unknown} */ ("{{files}}"));
const PAGE = "/";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(keep().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(BASE)) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate" && isOfPage(url.pathname)) event.respondWith(page(event.request));
});

async function keep() {
  const cache = await caches.open(BASE);
  await cache.addAll([PAGE, ...FILES]);
}

async function forgetOthers() {
  for (const name of await caches.keys()) if (name.startsWith("/web/") && name !== BASE) await caches.delete(name);
}

/** @param {string} path */
function isOfPage(path) {
  return path !== "/admin/tree" && /^\/($|setup$|i\/|room\/|search$|inbox|settings|admin)/.test(path);
}

/**
 * The page as the server has it now; without a line the one that is kept.
 * @param {Request} request
 */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

/** @param {Request} request */
async function file(request) {
  const cache = await caches.open(BASE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path ?? "/"));
});

/** @param {string} path */
async function open(path) {
  const [page] = await worker.clients.matchAll({ type: "window" });
  if (!page) return worker.clients.openWindow(path);
  page.postMessage({ type: "open", path });
  return page.focus();
}
