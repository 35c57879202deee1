// Requests a room's unread counts where the loaded messages are not enough to count them.

import { applyReadAnswer } from "../model/apply.js";
import { isChatError, RETRYABLE } from "./errors.js";

/** @import { Socket } from "./socket.js" */
/** @import { Store } from "../model/store.js" */

/** Milliseconds until a refused request is repeated, where the server names none. */
export const RETRY_DELAY = 3_000;

/** Codes of errors that end the connection. */
const OF_CONNECTION = new Set(["offline", "expired", "unauthenticated"]);

/**
 * Request counts by repeating the current read mark, which changes nothing. A refusal concerns one room, for example one
 * that was left meanwhile; the others are still requested.
 * @param {Pick<Socket, "request">} socket
 * @param {Store} store
 * @param {Iterable<number>} rooms
 * @returns {Promise<{ later: number[], wait: number }>} rooms to request again, and milliseconds until then
 */
export async function requestCounts(socket, store, rooms) {
  const later = [];
  let wait = 0;
  for (const room of rooms) {
    const known = store.get().rooms.get(room);
    if (!known?.needsCount) continue;
    const request = { room, seq: known.info.read };
    try {
      const counted = await socket.request("read", request);
      store.update((state) => applyReadAnswer(state, request, counted));
    } catch (error) {
      if (!isChatError(error) || OF_CONNECTION.has(error.code)) throw error;
      if (!RETRYABLE.has(error.code)) continue;
      later.push(room);
      wait = Math.max(wait, error.retryMs ?? RETRY_DELAY);
    }
  }
  return { later, wait };
}
