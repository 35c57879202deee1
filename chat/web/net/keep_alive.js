// Keeps one connection alive: pings, and a new token before the old one expires.

import { NO_PONG } from "./backoff.js";

/** @import { Session } from "./session.js" */
/** @import { Socket } from "./socket.js" */

/** Milliseconds for a reply; a silent server is abandoned. */
export const HELLO_TIMEOUT = 10_000;
export const PING_TIMEOUT = 5_000;

/** Milliseconds for a reply after a long sleep: the server has most likely closed the connection. */
const PING_TIMEOUT_AFTER_SLEEP = 750;

/** Milliseconds between two pings: a lost server is noticed within half a minute. */
const PING_INTERVAL = 25_000;

/**
 * Ping, and renew the token before it expires.
 * @param {Socket} socket
 * @param {Session} session
 * @param {() => number} retryDelay milliseconds until a failed renewal is tried again
 * @param {AbortSignal} signal aborts when the connection ends
 */
export function keepAlive(socket, session, retryDelay, signal) {
  const pinging = setInterval(() => socket.request("ping", {}, PING_TIMEOUT).catch(() => {}), PING_INTERVAL);
  /** @type {ReturnType<typeof setTimeout>} */
  let renewal;
  const renew = async () => {
    try {
      await session.renew();
      await socket.request("hello", { token: await session.access(), client: "web" }, HELLO_TIMEOUT);
      renewal = setTimeout(renew, session.renewIn());
    } catch {
      // The old token stays valid for a while; then the server closes the connection.
      if (!signal.aborted) renewal = setTimeout(renew, retryDelay());
    }
  };
  renewal = setTimeout(renew, session.renewIn());
  signal.addEventListener("abort", () => {
    clearInterval(pinging);
    clearTimeout(renewal);
  });
}

/**
 * Ping the server, and close the socket if the reply does not come in time.
 * @param {Socket} socket
 * @param {boolean} isLong this computer may have slept for long
 */
export function probe(socket, isLong) {
  const timer = setTimeout(() => socket.close(NO_PONG), isLong ? PING_TIMEOUT_AFTER_SLEEP : PING_TIMEOUT);
  const answered = () => clearTimeout(timer);
  socket.request("ping").then(answered, answered);
}
