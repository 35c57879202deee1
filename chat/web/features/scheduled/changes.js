// What the page knows of this person's scheduled messages: read once for each connection, then changed by events.

/** @import { Scheduled, ScheduledEvent, ScheduledMessages, UnscheduledEvent } from "../../protocol" */
/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */

/**
 * @typedef {object} Known
 * @property {number} changes events so far
 * @property {ReadonlyMap<number, Scheduled>} [messages] by id; absent until they were read
 * @property {unknown} [connection] the one over which they were read
 */

/** How often they are read again because one changed meanwhile. */
const MOST_TRIES = 5;

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "scheduled", ofOwn: { scheduled: afterScheduled, unscheduled: afterUnscheduled } };

/** @param {Known | undefined} known @param {ScheduledEvent} event @returns {Known} */
function afterScheduled(known = { changes: 0 }, { message }) {
  return { ...known, changes: known.changes + 1, ...(known.messages && { messages: new Map(known.messages).set(message.id, message) }) };
}

/** @param {Known | undefined} known @param {UnscheduledEvent} event @returns {Known} */
function afterUnscheduled(known = { changes: 0 }, { scheduled }) {
  const messages = known.messages && new Map([...known.messages].filter(([id]) => id !== scheduled));
  return { ...known, changes: known.changes + 1, ...(messages && { messages }) };
}

/** @param {State} state @returns {Known | undefined} */
function knownOf({ own }) {
  return /** @type {Known | undefined} */ (own.scheduled);
}

/** Older servers schedule no messages. @param {State} state */
export function isOffered({ server }) {
  return server.features.includes("scheduled");
}

/** The scheduled messages, the earliest first; undefined: they were not read. @param {State} state @param {number} [room] only of this room */
export function scheduledOf(state, room) {
  const all = knownOf(state)?.messages;
  return all && [...all.values()].filter((each) => room === undefined || each.room === room).sort((a, b) => a.at - b.at || a.id - b.id);
}

/** Whether they are to be read. @param {State} state */
export function isUnread(state) {
  return isOffered(state) && state.connection.state === "live" && knownOf(state)?.connection !== state.connection;
}

/** @param {Chat} chat */
export async function readScheduled(chat) {
  for (let tries = 1; ; tries++) {
    const before = knownOf(chat.get())?.changes ?? 0;
    const { connection } = chat.get();
    const { scheduled } = /** @type {ScheduledMessages} */ (await chat.call("GET", "/me/scheduled"));
    const now = knownOf(chat.get())?.changes ?? 0;
    if (now !== before && tries < MOST_TRIES) continue; // it may lack what has changed
    return chat.setOwn("scheduled", { changes: now, connection, messages: new Map(scheduled.map((each) => [each.id, each])) });
  }
}
