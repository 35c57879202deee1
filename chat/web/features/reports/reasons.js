// Why messages are reported.

import { t } from "../../i18n/index.js";

export const REASONS = /** @type {const} */ (["spam", "harassment", "hate", "private", "other"]);

/** @typedef {(typeof REASONS)[number]} Reason */

/** The reason in words; one that a later server has, as it is. @param {string} reason @returns {string} */
export function reasonText(reason) {
  const known = REASONS.find((one) => one === reason);
  return known ? t(`reports.reason_${known}`) : reason;
}
