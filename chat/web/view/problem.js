// Why something was not done, in words for whoever wanted it.

import { t, tn } from "../i18n/index.js";

/**
 * @param {unknown} error what a call of `Chat` was rejected with
 * @returns {string}
 */
export function problemText(error) {
  const { code, message, retryMs = 1000 } = /** @type {import("../model/types").ChatError} */ (error);
  if (code === "too_many") return tn("error.too_many", Math.ceil(retryMs / 1000));
  if (code === "offline" || code === "unavailable") return t(`error.${code}`);
  return message;
}
