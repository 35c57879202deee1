// How connections end, and when the next one is tried. Pure: the randomness is given.

export const TOO_BIG = 1009;
export const SLEPT = 4009; // this end answered no ping
export const TOKEN_EXPIRED = 4401;
export const SESSION_ENDED = 4403;
export const TOO_MANY = 4429;

/** Milliseconds of the first and of the longest wait, before the randomness that keeps many clients apart. */
const FIRST = 500;
const MOST = 30_000;

/** Milliseconds by close code; all others wait for the backoff. */
const WAITS = new Map([
  [TOO_BIG, 60_000],
  [SLEPT, 0],
  [4010, 60_000], // ended by an admin
  [TOKEN_EXPIRED, 0], // with a new token
  [SESSION_ENDED, 0], // the refresh tells whether there is another
  [TOO_MANY, 60_000],
]);

/** @param {() => number} random a number between 0 and 1 */
export function openBackoff(random) {
  let wait = FIRST;

  function next() {
    const now = wait;
    wait = Math.min(wait * 2, MOST);
    return now * (0.5 + random() / 2);
  }

  return {
    /** Milliseconds to wait; the next time longer. */
    next,

    /**
     * Milliseconds to wait after a connection.
     * @param {{ code: number, bye?: number, retryMs?: number }} ending
     * @param {boolean} wasUp whether it was of any use; if it was not, "at once" is not for ever
     */
    after({ code, bye, retryMs }, wasUp) {
      if (wasUp) wait = FIRST;
      const asked = bye ?? retryMs;
      if (asked !== undefined) return asked;
      const fixed = WAITS.get(code);
      return fixed === undefined || (fixed === 0 && !wasUp) ? next() : fixed;
    },
  };
}
