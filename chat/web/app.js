// Starts the page: the language, the connection, and the view that belongs to the address.

import { openChat } from "./net/chat.js";
import { hadSession } from "./net/earlier_session.js";
import { startLanguage } from "./i18n/index.js";
import { App, Shell } from "./view/app/app.js";
import { whenIdle } from "./view/shared/idle.js";
import { startRouter } from "./view/shared/router.js";
import { html, render } from "./vendor/preact.js";

await startLanguage();
startRouter();
const opening = openChat();
const shell = hadSession() ? Shell.load().catch(() => undefined) : undefined; // while what is kept is read
const chat = await opening;
if (chat.get().me) await (shell ?? Shell.load().catch(() => undefined)); // where it fails, its place says so
const root = document.getElementById("app");
if (root) render(html`<${App} chat=${chat} />`, root);
const stop = chat.subscribe(keepFiles);
keepFiles();

/** Whoever is logged in gets the service worker; its files are not fetched while the page needs the line itself. */
function keepFiles() {
  if (chat.get().connection.state !== "live") return;
  stop();
  whenIdle(registerWorker);
}

/** The service worker keeps the page's files; registering one takes an address that a policy has made. */
async function registerWorker() {
  if (!navigator.serviceWorker) return;
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const address = trustedTypes?.createPolicy("sw", { createScriptURL: () => "/sw.js" }).createScriptURL("") ?? "/sw.js";
  try {
    await navigator.serviceWorker.register(address, { updateViaCache: "none" });
  } catch {
    // A browser that allows none, as in private windows: the page works without.
  }
}
