// What this tab does after the provider's page. The server's part is in a cookie that scripts cannot read.
//
// No other site can write here. So a click on this site is distinct from a link elsewhere, which begins no log-in.

const KEPT = "chat.oidc";

/** @typedef {{ next?: string, invite?: string }} Kept a place of this page, and the code of an invitation */

/** Note that somebody wants to log in by the provider; the page at /oidc then begins. @param {Kept} keep */
export function keepClick(keep) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...keep, isClicked: true }));
}

/** The click that led here, once; null: there was none. @returns {Kept | null} */
export function takeClick() {
  const { isClicked, ...keep } = /** @type {Kept & { isClicked?: boolean }} */ (kept());
  if (!isClicked) return null;
  sessionStorage.setItem(KEPT, JSON.stringify(keep));
  return keep;
}

/** @returns {Kept} */
export function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

export function forgetKept() {
  sessionStorage.removeItem(KEPT);
}
