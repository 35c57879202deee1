// Starts the page: the language, the connection, and the root view.

import { openChat } from "./net/chat.js";
import { hadSession } from "./net/session.js";
import { language, startLanguage } from "./i18n/index.js";
import { App, Shell } from "./view/app/app.js";
import { loadFeatures } from "./view/shared/lazy.js";
import { startRouter } from "./view/shared/router.js";
import { html, render } from "./vendor/preact.js";

/** The service worker is registered once the page is idle, but after at most this many ms. */
const LONGEST_WAIT = 2_000;

await startLanguage();
reportClick();
addEventListener("hashchange", reportClick);
startRouter();
const opening = openChat(loadFeatures);
const shell = hadSession() ? Shell.load().catch(() => undefined) : undefined; // in parallel with reading the stored rooms
const chat = await opening;
if (chat.get().me) await (shell ?? Shell.load().catch(() => undefined)); // on failure the view offers a retry
const root = document.getElementById("app");
if (root) render(html`<${App} chat=${chat} />`, root);
const stop = chat.subscribe(registerWhenLive);
registerWhenLive();

/** Report that a notification was clicked whose address this is. */
function reportClick() {
  if (location.hash.startsWith("#push=")) import("./net/push_clicked.js").then((push) => push.reportClick(), () => undefined); // offline
}

/** Register the service worker once the page is live and idle, so that its downloads do not compete with the page's. */
function registerWhenLive() {
  if (chat.get().connection.state !== "live") return;
  stop();
  if ("requestIdleCallback" in globalThis) requestIdleCallback(registerWorker, { timeout: LONGEST_WAIT });
  else setTimeout(registerWorker, LONGEST_WAIT);
}

/** Register the service worker, which caches the page's files in its language. Trusted Types require an address that a policy has made. */
async function registerWorker() {
  if (!navigator.serviceWorker) return;
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const path = `/sw.js?${language()}`;
  const address = trustedTypes?.createPolicy("sw", { createScriptURL: () => path }).createScriptURL("") ?? path;
  try {
    await navigator.serviceWorker.register(address, { updateViaCache: "none" });
  } catch {
    // Browsers allow no service worker in private windows; the page works without one.
  }
}
