// The server's own picture and colour on the log-in page, loaded where it has them.

/** @type {CSSStyleSheet | null} */
let sheet = null;

/**
 * Show them on all pages of this kind. A colour is darkened on light ground and lightened on dark ground until texts in it,
 * and on it, can be read.
 * @param {import("./policy.js").Policy} policy
 */
export function showBrand({ picture, colour }) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  sheet.replaceSync(`${picture ? markRules(picture) : ""}${colour ? colourRules(colour) : ""}`);
}

/** @param {string} picture */
function markRules(picture) {
  return `.sign-in-mark > svg { display: none }
    .sign-in-mark { inline-size: 4.5rem; block-size: 4.5rem; border-radius: 32%; background: url("/api/v1/pictures/${picture}") center / cover }`;
}

/** @param {string} colour as #1a7f5a */
function colourRules(colour) {
  const pair = (/** @type {number} */ dark, /** @type {number} */ light) =>
    `light-dark(oklch(from ${colour} min(l, ${dark}) c h), oklch(from ${colour} max(l, ${light}) c h))`;
  return `.sign-in { --accent: ${pair(0.48, 0.76)}; --accent-strong: ${pair(0.4, 0.84)}; --link: var(--accent);
    --on-accent: light-dark(#ffffff, #16181b); --focus: 0 0 0 2px var(--surface), 0 0 0 4px var(--accent) }`;
}
