// Icons as SVG, in the colour of the text around them.

import { html } from "../../vendor/preact.js";

/** Paths of the 24 by 24 icons that the log-in page needs; icons/more.js has the others. */
const basic = {
  close: ["M6 6l12 12", "M18 6L6 18"],
  eye: ["M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"],
  eye_off: ["M9.9 5.7c6.9-1.6 11.6 6.3 11.6 6.3a19 19 0 0 1-2.7 3.4", "M6.5 7.3A17 17 0 0 0 2.5 12S6 18.5 12 18.5a9.5 9.5 0 0 0 4.6-1.2", "M3 3l18 18"],
  info: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 11v5.5", "M12 7.5v.01"],
  warning: ["M12 4L2.5 20h19z", "M12 10v4.5", "M12 17.3v.01"],
};

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
