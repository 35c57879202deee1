// The service worker: keeps the page's files, so that it opens without a line, and leads notifications to their place.

const BASE = "{{base}}";
const FILES = /** @type {string[]} */ (/** @type {unknown} */ ("{{files}}"));
const PAGE = "/";
/** Which addresses are the page; the others below /admin are the server's own. */
const PLACES =
  /^\/(?:setup|i\/[^/]+|room\/\d+(?:\/\d+)?|search|inbox(?:\/\d+)?|settings(?:\/[\w-]+)?|admin(?:\/(?!tree$|why$|nodes$)[\w-]+)?)?$/;
/** Milliseconds that the server has to answer before the page that is kept is shown. */
const PATIENCE = 3000;

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  // The files come from the cache without this script, where the browser can: it need not be started for them.
  const condition = { urlPattern: { pathname: `${BASE}*` }, requestMethod: "GET" };
  const routed = Promise.resolve(event.addRoutes?.({ condition, source: { cacheName: BASE } })).catch(() => undefined);
  event.waitUntil(Promise.all([routed, keep()]).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  // The server is asked for the page while this script starts.
  const preloading = worker.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([preloading, forgetOthers()]).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(BASE)) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate") event.respondWith(isOfPage(url.pathname) ? page(event) : asked(event));
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
  return PLACES.test(path);
}

/**
 * The page as the server has it now; the one that is kept, where the server is silent, away or broken.
 * @param {any} event
 */
async function page(event) {
  const asking = asked(event);
  event.waitUntil(asking.catch(() => undefined)); // also where it is not waited for any more
  const kept = await (await caches.open(BASE)).match(PAGE);
  if (!kept) return asking;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([asking, late]).catch(() => undefined);
  return answer?.ok ? answer : kept;
}

/** What the server says, which was asked while this script started, where the browser can. @param {any} event @returns {Promise<Response>} */
async function asked(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
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
