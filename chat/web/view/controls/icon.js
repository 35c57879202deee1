// Icons as SVG, in the colour of the text around them.

import { html } from "../../vendor/preact.js";
import { basic } from "./icons/basic.js";

/** @typedef {keyof typeof basic | keyof typeof import("./icons/more.js").more} IconName */

/** @typedef {IconName | readonly string[]} Icon a name, or the paths of a 24 by 24 icon */

/** Their paths. Icons that the log-in page does not need are added later. @type {Partial<Record<IconName, readonly string[]>>} */
const ICONS = { ...basic };

/** @param {Partial<Record<IconName, readonly string[]>>} more */
export function addIcons(more) {
  Object.assign(ICONS, more);
}

/**
 * An icon. It is hidden from screen readers; the control around it has a name.
 * @param {Icon} name of icons/
 * @param {{ size?: number }} [options] `size` in pixels
 */
export function icon(name, { size = 20 } = {}) {
  const paths = typeof name === "string" ? (ICONS[name] ?? []) : name;
  return html`<svg class="icon" viewBox="0 0 24 24" width=${size} height=${size} stroke-width="1.75" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true" focusable="false">
    ${paths.map((d) => html`<path d=${d} />`)}
  </svg>`;
}
