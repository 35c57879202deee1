// What frames make of the state. Pure: no I/O, no clock. As chat/client/rooms.py, with the same vectors.

import { Batch } from "./batch.js";
import { put } from "./room_state.js";

/** @import { Message } from "../protocol" */
/** @import { Model } from "./model" */
/** @typedef {import("./batch.js").Applied} Applied */
/** @typedef {import("./batch.js").Frame} Frame */
/** @typedef {import("./batch.js").News} News */

/**
 * Apply events in the order in which they came.
 * @param {Model} state
 * @param {readonly Frame[]} frames
 * @param {number} now Unix milliseconds of this computer
 * @returns {Applied} the state after them; parts that did not change are the same objects
 */
export function applyAll(state, frames, now) {
  const batch = new Batch(state);
  for (const frame of frames) batch.apply(frame, now);
  return batch.end();
}

/**
 * Hold messages of the history; they are no news: each is told, or was, at its place.
 * @param {Model} state
 * @param {readonly Message[]} messages
 * @returns {Applied}
 */
export function load(state, messages) {
  const batch = new Batch(state);
  for (const message of messages) {
    const draft = batch.draft(message.room);
    if (draft) put(draft, message);
    batch.seen(message);
  }
  return batch.end();
}

/**
 * One has read up to `seq`; `unread` and `mentions` are what the server counts after it.
 * @param {Model} state
 * @param {{ room: number, seq: number, back?: boolean }} asked
 * @param {{ unread?: number, mentions?: number }} counted
 * @returns {Model}
 */
export function answeredRead(state, asked, counted) {
  const info = state.rooms.get(asked.room)?.info;
  if (!info) return state;
  const seq = Math.min(asked.seq, info.seq);
  // Else one has read on meanwhile, and that has its own count.
  if (!asked.back && seq < info.read) return state;
  const batch = new Batch(state);
  batch.mark(asked.room, seq, counted.unread ?? 0, counted.mentions ?? 0);
  return batch.end().state;
}

/**
 * A server may have crashed before it noted marks that one's own messages moved: ask in those rooms.
 * @param {Model} state
 * @returns {Model}
 */
export function doubtMarks(state) {
  const batch = new Batch(state);
  for (const [number, room] of state.rooms) {
    if (room.hasSpoken) Object.assign(batch.mustDraft(number).room, { isUncounted: true, hasSpoken: false });
  }
  return batch.end().state;
}

/**
 * All since the positions of this request has been told: what was missing meanwhile is not.
 * @param {Model} state
 * @param {readonly number[]} rooms
 * @returns {Model}
 */
export function synced(state, rooms) {
  const gaps = new Set([...state.gaps].filter((room) => !rooms.includes(room)));
  return gaps.size === state.gaps.size ? state : { ...state, gaps };
}

/**
 * Forget what others do who have not repeated it in time.
 * @param {Model} state
 * @param {number} now
 * @returns {Model}
 */
export function forgetActivity(state, now) {
  const rooms = [...state.activity].map(([room, acts]) => {
    const still = [...acts].filter(([, { until }]) => until > now);
    return /** @type {const} */ ([room, still.length === acts.size ? acts : new Map(still)]);
  });
  if (rooms.every(([room, acts]) => acts === state.activity.get(room))) return state;
  return { ...state, activity: new Map(rooms.filter(([, acts]) => acts.size)) };
}
