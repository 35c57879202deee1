// What keeps one connection alive: pings, and a new token before the old one ends.

import { SLEPT } from "./backoff.js";

/** @import { Session } from "./session.js" */
/** @import { Socket } from "./socket.js" */

/** Milliseconds for an answer; a silent server is left. */
export const HELLO = 10_000;
export const PING = 5_000;

/** Milliseconds for an answer after a long sleep: most likely the server has left. */
const AFTER_SLEEP = 750;

/** Milliseconds between two pings: a server that is gone is noticed within half a minute. */
const BEAT = 25_000;

/**
 * Ping, and renew the token before it ends.
 * @param {Socket} socket
 * @param {Session} session
 * @param {() => number} again milliseconds until what failed is tried again
 * @param {AbortSignal} signal ends with the connection
 */
export function keepAlive(socket, session, again, signal) {
  const beat = setInterval(() => socket.ask("ping", {}, PING).catch(() => {}), BEAT);
  /** @type {ReturnType<typeof setTimeout>} */
  let renewal;
  const renew = async () => {
    try {
      await session.renew();
      await socket.ask("hello", { token: await session.access(), client: "web" }, HELLO);
      renewal = setTimeout(renew, session.renewIn());
    } catch {
      // The old token is good for a while; then the server ends the connection.
      if (!signal.aborted) renewal = setTimeout(renew, again());
    }
  };
  renewal = setTimeout(renew, session.renewIn());
  signal.addEventListener("abort", () => {
    clearInterval(beat);
    clearTimeout(renewal);
  });
}

/**
 * Ask whether the server is still there, and leave the socket where it does not answer in time.
 * @param {Socket} socket
 * @param {boolean} isLong this computer may have slept for long
 */
export function probe(socket, isLong) {
  const timer = setTimeout(() => socket.leave(SLEPT), isLong ? AFTER_SLEEP : PING);
  const over = () => clearTimeout(timer);
  socket.ask("ping").then(over, over);
}
