// The server's own picture and colour on the log-in page, loaded where it has them.

import { colourRules } from "../shared/own_colour.js";

/** @type {CSSStyleSheet | null} */
let sheet = null;

/**
 * Show them on all pages of this kind.
 * @param {import("./policy.js").Policy} policy
 */
export function showBrand({ picture, colour }) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  sheet.replaceSync(`${picture ? markRules(picture) : ""}${colour ? colourRules(".sign-in", colour) : ""}`);
}

/** @param {string} picture */
function markRules(picture) {
  return `.sign-in-mark > svg { display: none }
    .sign-in-mark { inline-size: 4.5rem; block-size: 4.5rem; border-radius: 32%; background: url("/api/v1/pictures/${picture}") center / cover }`;
}
