// Bubbles: one's own messages until they are seen in their room. Each leaves in the step in which its message comes.

/** @import { Message } from "../protocol" */
/** @import { Model } from "./model" */
/** @import { Waiting } from "./types" */

/**
 * One's own message is in its room: its bubble goes.
 * @param {Model} state
 * @param {Message} message
 * @param {boolean} isTold whether it is said now, so that another tab's bubble for it may come here yet
 * @returns {Model}
 */
export function markSeen(state, message, isTold) {
  const key = message.key ?? state.acknowledged.get(`${message.room}:${message.seq}`) ?? likely(state, message);
  if (key !== undefined) return withoutBubble(state, key);
  return isTold && !state.isSending ? { ...state, unclaimed: [...state.unclaimed, message] } : state;
}

/**
 * A new message waits; it is there already where another tab has been faster to send it than this one to keep it.
 * @param {Model} state
 * @param {Waiting} row
 * @returns {Model}
 */
export function withBubble(state, row) {
  if (state.seen.has(row.key) || state.outbox.some(({ key }) => key === row.key)) return state;
  return claimed({ ...state, outbox: [...state.outbox, row] }, [row]);
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
 * @param {readonly Message[]} [unclaimed] those of the state when the outbox was read
 * @returns {Model}
 */
export function withOutbox(state, kept, unclaimed = state.unclaimed) {
  const known = new Set(state.outbox.map((each) => each.key));
  const read = claimed(withKept(state, kept), kept.filter(({ key }) => !known.has(key)));
  return unclaimed.length === 0 ? read : { ...read, unclaimed: read.unclaimed.filter((each) => !unclaimed.includes(each)) };
}

/**
 * @param {Model} state
 * @param {readonly Waiting[]} kept
 * @returns {Model}
 */
function withKept(state, kept) {
  const keys = new Set(kept.map((each) => each.key));
  const acknowledged = new Set(state.acknowledged.values());
  const still = state.outbox.filter((each) => acknowledged.has(each.key) && !keys.has(each.key));
  const outbox = [...still, ...kept.filter((each) => each.refused || !state.seen.has(each.key))];
  return { ...state, outbox, seen: new Set([...state.seen].filter((key) => keys.has(key))) };
}

/**
 * Bubbles that have just come, whose messages were told before, go.
 * @param {Model} state
 * @param {readonly Waiting[]} rows
 */
function claimed(state, rows) {
  for (const row of rows) {
    const message = state.unclaimed.find((each) => isSame(row, each));
    if (!message) continue;
    state = { ...withoutBubble(state, row.key), unclaimed: state.unclaimed.filter((each) => each !== message) };
  }
  return state;
}

/**
 * Another tab of this browser may have sent it, and will tell so in a moment: the first bubble with these words.
 * @param {Model} state
 * @param {Message} message
 */
function likely(state, message) {
  if (state.isSending) return undefined;
  const taken = new Set(state.acknowledged.values());
  return state.outbox.find((each) => isSame(each, message) && !taken.has(each.key))?.key;
}

/** @param {Waiting} row @param {Message} message */
function isSame(row, message) {
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
