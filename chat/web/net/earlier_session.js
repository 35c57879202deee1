// Remembers whether somebody was logged in when this browser last had the page. If so, head.js fetches the whole page at
// once the next time.

const KEY = "chat-known";

export function hadSession() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** @param {boolean} isLoggedIn */
export function rememberSession(isLoggedIn) {
  try {
    if (isLoggedIn) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the page is fetched in two steps.
  }
}
