// Whether somebody was logged in when this browser last had the page: the next time it is fetched whole at once (head.js).

const KNOWN = "chat-known";

export function isKnown() {
  try {
    return localStorage.getItem(KNOWN) !== null;
  } catch {
    return false;
  }
}

/** @param {boolean} isSo */
export function keepKnown(isSo) {
  try {
    if (isSo) localStorage.setItem(KNOWN, "1");
    else localStorage.removeItem(KNOWN);
  } catch {
    // A browser that keeps nothing fetches in two steps.
  }
}
