// Reads which of the messages that are shown have replies: one request for all that are shown at a time.

import { afterReading } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../protocol").ThreadList} ThreadList */
/** @typedef {import("./changes.js").Threads} Threads */

/** Milliseconds in which wanted messages are collected. */
const COLLECT = 50;

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 10_000;

/** Threads in one answer. */
const PAGE = 50;

/** The range that is wanted next, by room. @type {Map<number, { first: number, last: number }>} */
const wanted = new Map();

/** Read the thread of a message, with others that are wanted meanwhile. @param {Chat} chat @param {number} room @param {number} seq */
export function want(chat, room, seq) {
  const range = wanted.get(room);
  if (range) Object.assign(range, { first: Math.min(range.first, seq), last: Math.max(range.last, seq) });
  else later(chat, room, { first: seq, last: seq }, COLLECT);
}

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
    const { threads = [], next } = /** @type {ThreadList} */ (await chat.request("threads", { room, after: first - 1, before, limit: PAGE }));
    const from = next ?? first;
    const known = /** @type {Threads | undefined} */ (chat.get().rooms.get(room)?.features.threads);
    chat.setRoomFeature(room, "threads", afterReading(known, threads, from, before - 1));
    before = next ?? first;
  }
}
