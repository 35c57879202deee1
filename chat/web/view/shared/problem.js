// The text of an error for people.

import { language, refusalText, t } from "../../i18n/index.js";

/** @type {[unit: Intl.RelativeTimeFormatUnit, seconds: number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Reasons whose text says more than that there were too many attempts. */
const OWN_WAITS = new Set(["no_new_visitors", "export_too_soon", "slow_mode"]);

/**
 * @param {unknown} error the rejection of a call of `Chat`
 * @returns {string}
 */
export function problemText(error) {
  const { code, message, reason, retryMs } = /** @type {import("../../model/types").ChatError} */ (error);
  if (code === "too_many" && retryMs !== undefined) {
    const what = reason && OWN_WAITS.has(reason) ? sentence(refusalText({ code, text: message, reason })) : t("error.too_many");
    return `${what} ${waitText(retryMs / 1000)}`;
  }
  if (code === "offline" || (code === "unavailable" && !reason)) return t(`error.${code}`);
  return sentence(refusalText({ code, text: message, reason }));
}

/**
 * How long to wait, in the largest unit of which there are at least two: "Try again in 24 hours."
 * @param {number} seconds
 * @returns {string}
 */
export function waitText(seconds) {
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ["second", 1];
  return t("error.again", { in: new Intl.RelativeTimeFormat(language()).format(Math.ceil(seconds / size), unit) });
}

/** The server's texts begin with a small letter and have no full stop. @param {string} text */
function sentence(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
