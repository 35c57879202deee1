// A page that is older than the server loads itself again, when nothing is typed: as soon as nobody looks, or where it
// needs a file that the server has no more.

/** @import { Store } from "../model/store.js" */

/** The version for which this tab was loaded again: once, or it would never end where servers of two versions answer. */
const RELOADED = "chat-reloaded";

const APP = new URL("../app.js", import.meta.url).href;

/** @param {Store} store */
export function startReloading(store) {
  const look = () => {
    const { isOutdated, line } = store.get();
    if (isOutdated && line.state === "live" && document.hidden && !isTyped()) location.reload();
  };
  store.subscribe(look);
  document.addEventListener("visibilitychange", look);
}

/** Whether the server has other files than those of this page. */
export async function isReplaced() {
  try {
    return (await fetch(APP, { method: "HEAD", cache: "no-store" })).status === 404;
  } catch {
    return false; // without a line
  }
}

/** Load the page again, unless that loses something or did not help; says whether it does. */
export function reloadOnce() {
  if (isTyped()) return false;
  try {
    if (sessionStorage.getItem(RELOADED) === APP) return false;
    sessionStorage.setItem(RELOADED, APP);
  } catch {
    return false; // it would not know that it did
  }
  location.reload();
  return true;
}

/** Whether something would be lost. Whoever holds what is not kept has the browser ask before the page is closed. */
function isTyped() {
  if (!dispatchEvent(new Event("beforeunload", { cancelable: true }))) return true;
  /** @type {Iterable<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = document.querySelectorAll("input, textarea");
  return [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}
