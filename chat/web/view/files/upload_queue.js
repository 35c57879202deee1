// Uploads in turn: few at a time, and what is too much at once for the server waits as long as it says.

import { chatError } from "../../net/errors.js";

/** The server takes four of one person. */
const AT_ONCE = 3;

let running = 0;
/** @type {(() => void)[]} */
const waiting = [];

/**
 * Resolves to what `upload` does, when it was its turn. Aborting rejects with code "aborted".
 * @template T
 * @param {() => Promise<T>} upload
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function runInTurn(upload, signal) {
  if (running < AT_ONCE) running += 1;
  else await new Promise((/** @type {(value?: unknown) => void} */ resolve) => waiting.push(resolve));
  try {
    for (;;) {
      if (signal.aborted) throw chatError("aborted", "the upload was ended");
      try {
        return await upload();
      } catch (error) {
        const { code, retryMs } = /** @type {import("../../model/types").ChatError} */ (error);
        if (code !== "too_many" || retryMs === undefined) throw error;
        await pause(retryMs, signal);
      }
    }
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/** @param {number} milliseconds @param {AbortSignal} signal ends it, too */
function pause(milliseconds, signal) {
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
