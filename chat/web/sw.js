// The service worker: caches the page's files in its language, so that it opens offline, shows pushed notifications, and
// opens the place of a clicked one.

const BASE = "{{base}}";
const FILES = /** @type {string[]} */ (/** @type {unknown} */ ("{{files}}"));
/** The language of the page that registered this script, in its query. */
const LANGUAGE = location.search.slice(1);
const PAGE = "/";
/** Paths of the page; other paths below /admin are pages of the server. */
const PLACES =
  /^\/(?:setup|i\/[^/]+|room\/\d+(?:\/\d+)?|search|saved|share|reports|inbox(?:\/\d+)?|settings(?:\/[\w-]+)?|admin(?:\/(?!tree$|why$|nodes$)[\w-]+)?)?$/;
/** Milliseconds until the cached page is shown instead of the server's. */
const ANSWER_TIMEOUT = 3000;
/** The title of a notification whose push cannot be read. */
const NO_TITLE = "Chat";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  // Browsers with static routing read the files from the cache without starting this script.
  const condition = { urlPattern: { pathname: `${BASE}*` }, requestMethod: "GET" };
  const routed = Promise.resolve(event.addRoutes?.({ condition, source: { cacheName: BASE } })).catch(() => undefined);
  event.waitUntil(Promise.all([routed, cacheFiles()]).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  // The browser requests the page while this script starts.
  const preloading = worker.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([preloading, deleteOtherCaches()]).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(BASE)) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate") event.respondWith(isOfPage(url.pathname) ? page(event) : respond(event));
});

async function cacheFiles() {
  const cache = await caches.open(BASE);
  await cache.addAll([PAGE, ...FILES.filter((each) => ["en", LANGUAGE, undefined].includes(/\/i18n\/(\w+)\//.exec(each)?.[1]))]);
}

async function deleteOtherCaches() {
  for (const name of await caches.keys()) if (name.startsWith("/web/") && name !== BASE) await caches.delete(name);
}

/** @param {string} path */
function isOfPage(path) {
  return PLACES.test(path);
}

/**
 * The server's current page; the cached one if the server is slow, unreachable or broken.
 * @param {any} event
 */
async function page(event) {
  const response = respond(event);
  event.waitUntil(response.catch(() => undefined)); // also after the cached page was returned
  const cached = await (await caches.open(BASE)).match(PAGE);
  if (!cached) return response;
  const late = new Promise((resolve) => setTimeout(resolve, ANSWER_TIMEOUT));
  const answer = await Promise.race([response, late]).catch(() => undefined);
  return answer?.ok ? answer : cached;
}

/** The server's response; requested while this script started, if the browser supports navigation preload. @param {any} event @returns {Promise<Response>} */
async function respond(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

/** @param {Request} request */
async function file(request) {
  const cache = await caches.open(BASE);
  const cached = await cache.match(request);
  if (cached) return cached;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

// Browsers that read Declarative Web Push show the same body without this script.
worker.addEventListener("push", (/** @type {any} */ event) => event.waitUntil(show(event.data)));

/** Each push shows a notification: browsers end subscriptions whose pushes show none. @param {any} data */
async function show(data) {
  const { notification = {}, room } = parsed(data);
  const { title = NO_TITLE, body = "", tag, navigate = "/", app_badge: badge } = notification;
  const { pathname: path, hash } = new URL(navigate, location.origin);
  const code = new URLSearchParams(hash.slice(1)).get("push");
  const options = { body, tag, icon: `${BASE}icons/chat-192.png`, data: { room, path, code } };
  const shown = worker.registration.showNotification(title, options);
  if (badge !== undefined) await worker.navigator.setAppBadge?.(Number(badge)).catch(() => undefined);
  await shown;
  const reported = report(code, "shown");
  for (const page of await worker.clients.matchAll({ type: "window" })) page.postMessage({ type: "pushed", room, tag });
  await reported;
}

/** Report what became of a push. The server goes without it, if it can't be reached. @param {string | null} code @param {"shown" | "clicked"} event */
async function report(code, event) {
  if (!code) return;
  const body = JSON.stringify({ code, event });
  await fetch("/api/v1/push/report", { method: "POST", headers: { "Content-Type": "application/json" }, credentials: "omit", body }).catch(() => undefined);
}

/** @param {any} data */
function parsed(data) {
  try {
    return data.json() ?? {};
  } catch {
    return {};
  }
}

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  const { path = "/", code = null } = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(Promise.all([open(path), report(code, "clicked")]));
});

/** @param {string} path */
async function open(path) {
  const [page] = await worker.clients.matchAll({ type: "window" });
  if (!page) return worker.clients.openWindow(path);
  page.postMessage({ type: "open", path });
  return page.focus();
}
