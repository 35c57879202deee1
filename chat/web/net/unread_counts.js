// Asks the server how many messages are unread, where that can't be counted here.

import { answeredRead } from "../model/apply.js";
import { LATER, isChatError } from "./errors.js";

/** @import { Socket } from "./socket.js" */
/** @import { Store } from "../model/store.js" */

/** Milliseconds until it is asked again, where the server names none. */
export const AGAIN = 3_000;

/** Codes of refusals that are about the connection, which ends by them. */
const OF_LINE = new Set(["offline", "expired", "unauthenticated"]);

/**
 * Ask in these rooms. Reading no further than one has read changes nothing, and the answer counts. A refusal is about one
 * room, as one that was left meanwhile: the others are asked all the same.
 * @param {Pick<Socket, "ask">} socket
 * @param {Store} store
 * @param {Iterable<number>} rooms
 * @returns {Promise<{ later: number[], wait: number }>} rooms to ask again, and milliseconds until then
 */
export async function askUnread(socket, store, rooms) {
  const later = [];
  let wait = 0;
  for (const room of rooms) {
    const known = store.get().rooms.get(room);
    if (!known?.isUncounted) continue;
    const asked = { room, seq: known.info.read };
    try {
      const counted = await socket.ask("read", asked);
      store.update((state) => answeredRead(state, asked, counted));
    } catch (error) {
      if (!isChatError(error) || OF_LINE.has(error.code)) throw error;
      if (!LATER.has(error.code)) continue;
      later.push(room);
      wait = Math.max(wait, error.retryMs ?? AGAIN);
    }
  }
  return { later, wait };
}
