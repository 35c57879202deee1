// The text of an error for people.

import { refusalText, t, tn } from "../../i18n/index.js";

/**
 * @param {unknown} error the rejection of a call of `Chat`
 * @returns {string}
 */
export function problemText(error) {
  const { code, message, reason, retryMs } = /** @type {import("../../model/types").ChatError} */ (error);
  if (code === "too_many" && retryMs !== undefined) return tn("error.too_many", Math.ceil(retryMs / 1000));
  if (code === "offline" || code === "unavailable") return t(`error.${code}`);
  return sentence(refusalText({ code, text: message, reason }));
}

/** The server's texts begin with a small letter and have no full stop. @param {string} text */
function sentence(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
