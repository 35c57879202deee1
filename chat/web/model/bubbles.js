// Bubbles: one's own messages until they are seen in their room. Each leaves in the step in which its message comes.

/** @import { Message } from "../protocol" */
/** @import { Model } from "./kept" */
/** @import { Waiting } from "./types" */

/**
 * One's own message is in its room: its bubble goes.
 * @param {Model} state
 * @param {Message} message
 * @returns {Model}
 */
export function markSeen(state, message) {
  if (state.outbox.length === 0) return state;
  const place = `${message.room}:${message.seq}`;
  const key = message.key ?? state.acknowledged.get(place) ?? likely(state, message);
  return key === undefined ? state : withoutBubble(state, key);
}

/**
 * The server has acknowledged a message: its bubble stays until the message is told.
 * @param {Model} state
 * @param {string} key
 * @param {{ room: number, seq: number }} place
 * @returns {Model}
 */
export function acknowledge(state, key, { room, seq }) {
  if (!state.outbox.some((each) => each.key === key)) return state;
  const info = state.rooms.get(room)?.info;
  if (!info || info.seq >= seq) return withoutBubble(state, key);
  return { ...state, acknowledged: new Map(state.acknowledged).set(`${room}:${seq}`, key) };
}

/**
 * @param {Model} state
 * @param {string} key
 * @returns {Model}
 */
export function withoutBubble(state, key) {
  const outbox = state.outbox.filter((each) => each.key !== key);
  if (outbox.length === state.outbox.length) return state;
  const acknowledged = new Map([...state.acknowledged].filter(([, each]) => each !== key));
  return { ...state, outbox, acknowledged, seen: new Set(state.seen).add(key) };
}

/**
 * What lies in the outbox, as all tabs of the browser see it; what is acknowledged here already is shown until its
 * message comes.
 * @param {Model} state
 * @param {readonly Waiting[]} kept
 * @returns {Model}
 */
export function withOutbox(state, kept) {
  const keys = new Set(kept.map((each) => each.key));
  const acknowledged = new Set(state.acknowledged.values());
  const still = state.outbox.filter((each) => acknowledged.has(each.key) && !keys.has(each.key));
  const outbox = [...still, ...kept.filter((each) => each.refused || !state.seen.has(each.key))];
  return { ...state, outbox, seen: new Set([...state.seen].filter((key) => keys.has(key))) };
}

/**
 * Another tab of this browser may have sent it, and will tell so in a moment: the first bubble with these words.
 * @param {Model} state
 * @param {Message} message
 */
function likely(state, message) {
  if (state.isSending) return undefined;
  const taken = new Set(state.acknowledged.values());
  return state.outbox.find(
    (each) =>
      each.room === message.room &&
      each.text === (message.text ?? "") &&
      each.reply === message.reply &&
      ids(each.files) === ids(message.files) &&
      !each.refused &&
      !taken.has(each.key),
  )?.key;
}

/** @param {readonly { id: number }[]} [files] */
function ids(files = []) {
  return files.map(({ id }) => id).join();
}
