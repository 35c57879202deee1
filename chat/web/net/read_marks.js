// Sends read marks to the server. A mark set while offline is sent with the next connection.

import { applyReadAnswer } from "../model/apply.js";
import { isChatError, RETRYABLE } from "./errors.js";
import { RETRY_DELAY } from "./unread_counts.js";

/** @import { Connection } from "./connection.js" */
/** @import { Store } from "../model/store.js" */

/**
 * @param {Store} store
 * @param {Connection} connection
 */
export function openReadMarks(store, connection) {
  /** @type {Map<number, { seq: number, back?: boolean }>} */
  const unsent = new Map();

  /** @param {number} room */
  async function send(room) {
    const mark = unsent.get(room);
    if (!mark || !connection.isLive()) return;
    try {
      const counted = await connection.request("read", { room, ...mark });
      store.update((state) => applyReadAnswer(state, { room, ...mark }, counted));
    } catch (error) {
      if (isChatError(error) && error.code === "offline") return;
      if (isChatError(error) && RETRYABLE.has(error.code)) setTimeout(retry, error.retryMs ?? RETRY_DELAY, room);
      else if (unsent.get(room) === mark) unsent.delete(room);
      throw error;
    }
    if (unsent.get(room) === mark) unsent.delete(room);
  }

  /** A room that this person has left needs no mark, so errors are ignored. @param {number} room */
  function retry(room) {
    send(room).catch(() => {});
  }

  return {
    /** @param {number} room @param {number} seq the last message that was read */
    async markRead(room, seq) {
      unsent.set(room, { seq });
      await send(room);
    },

    /** @param {number} room @param {number} seq the first message that becomes unread */
    async markUnread(room, seq) {
      unsent.set(room, { seq: seq - 1, back: true });
      await send(room);
    },

    /** Send the marks that were set while offline. */
    sendUnsent() {
      for (const room of [...unsent.keys()]) retry(room);
    },
  };
}
