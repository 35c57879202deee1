// When the next connection is tried, by how the last one ended. Pure: the caller provides the randomness.

export const MESSAGE_TOO_BIG = 1009;
export const NO_PONG = 4009; // this end closed the socket, because the server did not answer a ping
const ENDED_BY_ADMIN = 4010;
export const TOKEN_EXPIRED = 4401;
export const SESSION_ENDED = 4403;
export const TOO_MANY_CONNECTIONS = 4429;
export const ADDRESS_BANNED = 4431;

/** Milliseconds of the first and of the longest delay, before the randomness that spreads many clients. */
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;

/** Milliseconds by close code; every other code takes the next backoff delay. */
const DELAYS = new Map([
  [MESSAGE_TOO_BIG, 60_000],
  [NO_PONG, 0],
  [ENDED_BY_ADMIN, 60_000],
  [TOKEN_EXPIRED, 0], // with a new token
  [SESSION_ENDED, 0], // the refresh shows whether there is another session
  [TOO_MANY_CONNECTIONS, 60_000],
  [ADDRESS_BANNED, 60_000],
]);

/** @param {() => number} random a number between 0 and 1 */
export function openBackoff(random) {
  let delay = FIRST_DELAY;

  function nextDelay() {
    const now = delay;
    delay = Math.min(delay * 2, LONGEST_DELAY);
    return now * (0.5 + random() / 2);
  }

  return {
    /** Milliseconds to wait; each call doubles the next one. */
    nextDelay,

    /**
     * Milliseconds to wait after a connection.
     * @param {{ code: number, bye?: number, retryMs?: number }} ending
     * @param {boolean} wasLive if it never was live, even codes without a delay back off
     */
    delayAfter({ code, bye, retryMs }, wasLive) {
      if (wasLive) delay = FIRST_DELAY;
      const requested = bye ?? retryMs;
      if (requested !== undefined) return requested;
      const fixed = DELAYS.get(code);
      return fixed === undefined || (fixed === 0 && !wasLive) ? nextDelay() : fixed;
    },
  };
}
