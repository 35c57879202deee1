// Pending messages: this person's own, from sending until they appear in their room. Each leaves the list in the same
// step in which its message appears.

/** @import { Message } from "../protocol" */
/** @import { Model } from "./model" */
/** @import { PendingMessage } from "./types" */

/**
 * A message of this person has appeared in its room: remove the pending message that it settles.
 * @param {Model} state
 * @param {Message} message
 * @param {boolean} isNew it was just sent, so another tab may store its pending message here later
 * @returns {Model}
 */
export function settleOwnMessage(state, message, isNew) {
  const key = message.key ?? state.acknowledged.get(`${message.room}:${message.seq}`) ?? likelyKey(state, message);
  if (key !== undefined) return removePending(state, key);
  return isNew && !state.takenOver ? { ...state, unmatchedOwn: [...state.unmatchedOwn, message] } : state;
}

/**
 * Add a pending message, unless another tab has sent it faster than this one stored it.
 * @param {Model} state
 * @param {PendingMessage} row
 * @returns {Model}
 */
export function addPending(state, row) {
  if (state.settledKeys.has(row.key) || state.outbox.some(({ key }) => key === row.key)) return state;
  return withoutMatched({ ...state, outbox: [...state.outbox, row] }, [row]);
}

/**
 * The server has acknowledged a message. It stays pending until its event arrives.
 * @param {Model} state
 * @param {string} key
 * @param {{ room: number, seq: number }} place
 * @returns {Model}
 */
export function acknowledge(state, key, { room, seq }) {
  if (!state.outbox.some((each) => each.key === key)) return state;
  const info = state.rooms.get(room)?.info;
  if (!info || info.seq >= seq) return removePending(state, key);
  return { ...state, acknowledged: new Map(state.acknowledged).set(`${room}:${seq}`, key) };
}

/**
 * @param {Model} state
 * @param {string} key
 * @returns {Model}
 */
export function removePending(state, key) {
  const outbox = state.outbox.filter((each) => each.key !== key);
  if (outbox.length === state.outbox.length) return state;
  const acknowledged = new Map([...state.acknowledged].filter(([, each]) => each !== key));
  return { ...state, outbox, acknowledged, settledKeys: new Set(state.settledKeys).add(key) };
}

/**
 * Take over the stored outbox, which all tabs of the browser share. Messages acknowledged here stay until their events
 * arrive.
 * @param {Model} state
 * @param {readonly PendingMessage[]} stored
 * @param {readonly Message[]} [unmatchedOwn] those of the state when the outbox was read
 * @returns {Model}
 */
export function mergeOutbox(state, stored, unmatchedOwn = state.unmatchedOwn) {
  const known = new Set(state.outbox.map((each) => each.key));
  const merged = withoutMatched(mergeStored(state, stored), stored.filter(({ key }) => !known.has(key)));
  if (unmatchedOwn.length === 0) return merged;
  return { ...merged, unmatchedOwn: merged.unmatchedOwn.filter((each) => !unmatchedOwn.includes(each)) };
}

/**
 * @param {Model} state
 * @param {readonly PendingMessage[]} stored
 * @returns {Model}
 */
function mergeStored(state, stored) {
  const keys = new Set(stored.map((each) => each.key));
  const acknowledged = new Set(state.acknowledged.values());
  const shown = state.outbox.filter((each) => acknowledged.has(each.key) && !keys.has(each.key));
  const outbox = [...shown, ...stored.filter((each) => each.refused || !state.settledKeys.has(each.key))];
  return { ...state, outbox, settledKeys: new Set([...state.settledKeys].filter((key) => keys.has(key))) };
}

/**
 * Remove pending messages that were just added and whose messages had appeared before.
 * @param {Model} state
 * @param {readonly PendingMessage[]} rows
 */
function withoutMatched(state, rows) {
  for (const row of rows) {
    const message = state.unmatchedOwn.find((each) => isSameContent(row, each));
    if (!message) continue;
    state = { ...removePending(state, row.key), unmatchedOwn: state.unmatchedOwn.filter((each) => each !== message) };
  }
  return state;
}

/**
 * The first pending message with the same content that another tab may have sent. That tab announces it in a moment,
 * unless it was closed or lost its connection.
 * @param {Model} state
 * @param {Message} message
 */
function likelyKey(state, message) {
  const { takenOver, outbox } = state;
  const acknowledged = new Set(state.acknowledged.values());
  const isPossible = (/** @type {string} */ key) => !acknowledged.has(key) && (takenOver?.has(key) ?? true);
  return outbox.find((each) => isSameContent(each, message) && isPossible(each.key))?.key;
}

/** @param {PendingMessage} row @param {Message} message */
function isSameContent(row, message) {
  return (
    row.room === message.room &&
    row.text === (message.text ?? "") &&
    row.reply === message.reply &&
    ids(row.files) === ids(message.files) &&
    !row.refused
  );
}

/** @param {readonly { id: number }[]} [files] */
function ids(files = []) {
  return files.map(({ id }) => id).join();
}
