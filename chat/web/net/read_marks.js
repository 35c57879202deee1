// How far one has read: told to the server, without a line with the next one.

import { answeredRead } from "../model/apply.js";
import { LATER, isChatError } from "./errors.js";
import { AGAIN } from "./unread_counts.js";

/** @import { Line } from "./connection.js" */
/** @import { Store } from "../model/store.js" */

/**
 * @param {Store} store
 * @param {Line} line
 */
export function openReading(store, line) {
  /** @type {Map<number, { seq: number, back?: boolean }>} */
  const untold = new Map();

  /** @param {number} room */
  async function tell(room) {
    const asked = untold.get(room);
    if (!asked || !line.isLive()) return;
    try {
      const counted = await line.ask("read", { room, ...asked });
      store.update((state) => answeredRead(state, { room, ...asked }, counted));
    } catch (error) {
      if (isChatError(error) && error.code === "offline") return;
      if (isChatError(error) && LATER.has(error.code)) setTimeout(tellLate, error.retryMs ?? AGAIN, room);
      else if (untold.get(room) === asked) untold.delete(room);
      throw error;
    }
    if (untold.get(room) === asked) untold.delete(room);
  }

  /** A room that one is not in any more needs no mark. @param {number} room */
  function tellLate(room) {
    tell(room).catch(() => {});
  }

  return {
    /**
     * @param {number} room
     * @param {number} seq
     * @param {{ back?: boolean }} [options]
     */
    async read(room, seq, { back = false } = {}) {
      untold.set(room, { seq, ...(back ? { back } : {}) });
      await tell(room);
    },

    /** There is a line again. */
    tellRest() {
      for (const room of [...untold.keys()]) tellLate(room);
    },
  };
}
