// Reloads a hidden page that is older than the server, or one that lacks a file, unless something is typed.

/** @import { Store } from "../model/store.js" */

/** The page for which this tab was reloaded. Only once: servers of two versions may answer in turn. */
const RELOADED = "chat-reloaded";

const APP = new URL("../app.js", import.meta.url).href;

/** @param {Store} store */
export function startReloading(store) {
  const check = () => {
    const { isOutdated, connection } = store.get();
    if (isOutdated && connection.state === "live" && document.hidden && !hasUnsavedInput()) location.reload();
  };
  store.subscribe(check);
  document.addEventListener("visibilitychange", check);
}

/** Whether the server no longer has this page's files. */
export async function isReplaced() {
  try {
    return (await fetch(APP, { method: "HEAD", cache: "no-store" })).status === 404;
  } catch {
    return false; // offline
  }
}

/** Reload the page, unless that loses input or was tried before; returns whether it reloads. */
export function reloadOnce() {
  if (hasUnsavedInput()) return false;
  try {
    if (sessionStorage.getItem(RELOADED) === APP) return false;
    sessionStorage.setItem(RELOADED, APP);
  } catch {
    return false; // without storage it could reload for ever
  }
  location.reload();
  return true;
}

/** Whether a reload would lose input. Modules with unsaved state cancel `beforeunload`. */
function hasUnsavedInput() {
  if (!dispatchEvent(new Event("beforeunload", { cancelable: true }))) return true;
  /** @type {Iterable<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = document.querySelectorAll("input, textarea");
  return [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}
