// Limits how many uploads run at a time, and waits when the server's limit is reached.

import { chatError } from "../../net/errors.js";

/** The server accepts four at a time per person. */
const AT_ONCE = 3;

let running = 0;
/** @type {(() => void)[]} */
const waiting = [];

/**
 * Run an upload when it is its turn. Aborting rejects with code "aborted".
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
      if (signal.aborted) throw chatError("aborted", "the upload was cancelled");
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

/** @param {number} milliseconds @param {AbortSignal} signal ends the pause, too */
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
