// What the page knows of messages that are held for review: this person's own, and how many wait for a moderator.

/** @import { HeldMessage, OwnHeld } from "../../protocol" */
/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */

/**
 * @typedef {object} Held
 * @property {number} changes how often they have changed
 * @property {readonly HeldMessage[]} [own] those of this person; absent until they were read
 * @property {readonly [unknown, number]} [read] over which connection, and after how many changes
 */

/** @type {Held} */
const NOT_READ = { changes: 0 };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = {
  name: "review",
  ofOwn: { review: (/** @type {Held | undefined} */ known = NOT_READ) => ({ ...known, changes: known.changes + 1 }) },
};

/** @param {State} state @returns {Held} */
export function heldOf({ own }) {
  return /** @type {Held | undefined} */ (own.review) ?? NOT_READ;
}

/** Older servers hold nothing. @param {State} state */
export function isOffered({ server }) {
  return server.features.includes("review");
}

/** Which reading of one's own there is to do: another number after each change. 0: none. @param {State} state */
export function unread(state) {
  const { read, changes: now } = heldOf(state);
  const isRead = read?.[0] === state.connection && read[1] === now;
  return isOffered(state) && !state.me?.roles?.includes("guest") && state.connection.state === "live" && !isRead ? now + 1 : 0;
}

/** @param {Chat} chat */
export async function readOwn(chat) {
  const { connection } = chat.get();
  const before = heldOf(chat.get()).changes;
  const { held } = /** @type {OwnHeld} */ (await chat.call("GET", "/me/held"));
  const known = heldOf(chat.get());
  if (known.read?.[0] === connection && known.read[1] > before) return; // a later reading was answered first
  chat.setOwn("review", { ...known, own: held, read: [connection, before] });
}
