// Pure functions from a state and frames to the next state. chat/client/rooms.py does the same, with the same test vectors.

import { Batch } from "./batch.js";
import { addMessage } from "./room_state.js";

/** @import { Message } from "../protocol" */
/** @import { FeatureChanges, Model } from "./model" */
/** @typedef {import("./batch.js").Applied} Applied */
/** @typedef {import("./batch.js").Frame} Frame */
/** @typedef {import("./batch.js").RoomUpdate} RoomUpdate */

/**
 * Apply events in the order in which they arrived.
 * @param {Model} state
 * @param {readonly Frame[]} frames
 * @param {number} now Unix milliseconds of this computer
 * @param {readonly FeatureChanges[]} [features] apply the changes of their own kinds
 * @returns {Applied} the state after them; unchanged parts are the same objects
 */
export function applyAll(state, frames, now, features) {
  const batch = new Batch(state, features);
  for (const frame of frames) batch.apply(frame, now);
  return batch.result();
}

/**
 * Add a page of history. Its messages are no updates: the room's position covers them already.
 * @param {Model} state
 * @param {readonly Message[]} messages
 * @returns {Applied}
 */
export function addHistory(state, messages) {
  const batch = new Batch(state);
  for (const message of messages) {
    const draft = batch.draftOf(message.room);
    if (draft) addMessage(draft, message);
    batch.settleOwn(message);
  }
  return batch.result();
}

/**
 * Store what a feature has learned of a room otherwise than by changes.
 * @param {Model} state
 * @param {number} room
 * @param {string} feature its name
 * @param {unknown} known
 * @returns {Model}
 */
export function setRoomFeature(state, room, feature, known) {
  const batch = new Batch(state);
  const draft = batch.draftOf(room);
  if (draft) draft.room.features = { ...draft.room.features, [feature]: known };
  return batch.result().state;
}

/**
 * Apply the answer to a `read` request.
 * @param {Model} state
 * @param {{ room: number, seq: number, back?: boolean }} request
 * @param {{ unread?: number, mentions?: number }} counted what the server counts after `seq`
 * @returns {Model}
 */
export function applyReadAnswer(state, request, counted) {
  const info = state.rooms.get(request.room)?.info;
  if (!info) return state;
  const seq = Math.min(request.seq, info.seq);
  // A newer read mark has its own answer.
  if (!request.back && seq < info.read) return state;
  const batch = new Batch(state);
  batch.moveReadMark(request.room, seq, counted.unread ?? 0, counted.mentions ?? 0);
  return batch.result().state;
}

/**
 * Have read marks counted again that this person's own messages moved: a server may crash before it records them.
 * @param {Model} state
 * @returns {Model}
 */
export function recheckReadMarks(state) {
  const batch = new Batch(state);
  for (const [number, room] of state.rooms) {
    if (room.isReadMarkUnsure) Object.assign(batch.knownDraft(number).room, { needsCount: true, isReadMarkUnsure: false });
  }
  return batch.result().state;
}

/**
 * The server has sent all changes since the requested positions: these rooms have no gap any more.
 * @param {Model} state
 * @param {readonly number[]} rooms
 * @returns {Model}
 */
export function clearGaps(state, rooms) {
  const gaps = new Set([...state.gaps].filter((room) => !rooms.includes(room)));
  return gaps.size === state.gaps.size ? state : { ...state, gaps };
}

/**
 * Remove typing and viewing of people who have not repeated it in time.
 * @param {Model} state
 * @param {number} now
 * @returns {Model}
 */
export function expireActivity(state, now) {
  const rooms = [...state.activity].map(([room, acts]) => {
    const current = [...acts].filter(([, { until }]) => until > now);
    return /** @type {const} */ ([room, current.length === acts.size ? acts : new Map(current)]);
  });
  if (rooms.every(([room, acts]) => acts === state.activity.get(room))) return state;
  return { ...state, activity: new Map(rooms.filter(([, acts]) => acts.size)) };
}
