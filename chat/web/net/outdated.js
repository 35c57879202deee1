// A page that is older than the server loads itself again, when nobody looks and nothing is typed.

/** @import { Store } from "../model/store.js" */

/** @param {Store} store */
export function startReloading(store) {
  const look = () => {
    const { isOutdated, line } = store.get();
    if (isOutdated && line.state === "live" && document.hidden && !isTyped()) location.reload();
  };
  store.subscribe(look);
  document.addEventListener("visibilitychange", look);
}

function isTyped() {
  /** @type {Iterable<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = document.querySelectorAll("input, textarea");
  return [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}
