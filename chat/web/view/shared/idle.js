// Runs a task once the page is idle.

/** Milliseconds after which it runs in any case. */
const LONGEST_WAIT = 2_000;

/** @param {() => unknown} task */
export function whenIdle(task) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(task, { timeout: LONGEST_WAIT });
  else setTimeout(task, LONGEST_WAIT);
}
