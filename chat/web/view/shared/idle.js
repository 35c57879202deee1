// What can wait until the page has nothing else to do.

/** Milliseconds after which it is done all the same. */
const MOST = 2_000;

/** @param {() => unknown} task */
export function whenIdle(task) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(task, { timeout: MOST });
  else setTimeout(task, MOST);
}
