// Reads what a feature knows of the messages that are shown: one request for all that are shown at a time.

/** @typedef {import("../../model/types").Chat} Chat */

/** Milliseconds in which wanted messages are collected. */
const COLLECT = 50;

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 10_000;

/** Messages in one answer. */
const PAGE = 50;

/**
 * A function that reads what a feature has of a message, with others that are wanted meanwhile.
 * @template Known, Found
 * @param {string} name of the feature, of its request, and of the list in the answer
 * @param {(known: Known | undefined, found: readonly Found[], first: number, last: number) => Known} afterReading the known
 *   part of the room after an answer about the messages from `first` to `last`
 * @returns {(chat: Chat, room: number, seq: number) => void}
 */
export function rangeReader(name, afterReading) {
  /** The range that is wanted next, by room. @type {Map<number, { first: number, last: number }>} */
  const wanted = new Map();

  /** @param {Chat} chat @param {number} room @param {{ first: number, last: number }} range @param {number} delay */
  function later(chat, room, range, delay) {
    wanted.set(room, range);
    setTimeout(async () => {
      wanted.delete(room);
      try {
        await readRange(chat, room, range.first, range.last);
      } catch (error) {
        const { code, retryMs = RETRY_AFTER } = /** @type {import("../../model/types").ChatError} */ (error);
        // Offline, the messages that are shown want it again once there is a connection.
        if (code !== "offline" && chat.get().rooms.has(room) && !wanted.has(room)) later(chat, room, range, retryMs);
      }
    }, delay);
  }

  /** @param {Chat} chat @param {number} room @param {number} first @param {number} last */
  async function readRange(chat, room, first, last) {
    let before = last + 1;
    while (before > first) {
      const answer = /** @type {{ next?: number, [list: string]: any }} */ (await chat.request(name, { room, after: first - 1, before, limit: PAGE }));
      const from = answer.next ?? first;
      const known = /** @type {Known | undefined} */ (chat.get().rooms.get(room)?.features[name]);
      chat.setRoomFeature(room, name, afterReading(known, answer[name] ?? [], from, before - 1));
      before = from;
    }
  }

  return (chat, room, seq) => {
    const range = wanted.get(room);
    if (range) Object.assign(range, { first: Math.min(range.first, seq), last: Math.max(range.last, seq) });
    else later(chat, room, { first: seq, last: seq }, COLLECT);
  };
}
