// Read marks: sends them to the server, and requests unread counts with them. A mark set while offline is sent with the
// next connection.

import { applyReadAnswer } from "../model/apply.js";
import { isChatError, RETRYABLE } from "./errors.js";

/** @import { Connection } from "./connection.js" */
/** @import { Socket } from "./socket.js" */
/** @import { Store } from "../model/store.js" */

/** Milliseconds until a refused request is repeated, where the server names none. */
const RETRY_DELAY = 3_000;

/** Codes of errors that end the connection. */
const OF_CONNECTION = new Set(["offline", "expired", "unauthenticated"]);

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
