// Support conversations that are not among the rooms: their counts, and how they are added.

import { countAttention } from "./attention.js";
import { Batch } from "./batch.js";
import { conversations, countByPart } from "./support_queue.js";

/** @import { Model } from "./model" */
/** @import { RoomInfo } from "./types" */
/** @import { ConversationCounts } from "../protocol" */

/**
 * The counts of the conversations that are not loaded; null: all are.
 * @param {ConversationCounts} all of all open conversations
 * @param {ReadonlyMap<number, { info: RoomInfo }>} rooms
 * @param {number | undefined} me
 * @returns {ConversationCounts | null}
 */
export function uncounted(all, rooms, me) {
  return without(all, conversations(rooms.values(), me), me);
}

/**
 * Counts without those of some conversations; null: no conversation is left.
 * @param {ConversationCounts} all
 * @param {readonly RoomInfo[]} infos
 * @param {number | undefined} me
 * @returns {ConversationCounts | null}
 */
export function without(all, infos, me) {
  const { waiting, mine, open } = countByPart(infos, me);
  const { count, inRooms } = countAttention(infos.map((info) => ({ info })));
  const minus = (/** @type {number} */ one, /** @type {number} */ other) => Math.max(one - other, 0);
  if (all.open <= open) return null;
  return {
    open: all.open - open,
    waiting: minus(all.waiting, waiting),
    mine: minus(all.mine, mine),
    unread: minus(all.unread, count),
    unread_in: minus(all.unread_in, inRooms),
  };
}

/**
 * Add support conversations that a list has, and no longer count them among those that are left out.
 * @param {Model} state
 * @param {readonly RoomInfo[]} infos
 * @returns {Model}
 */
export function addConversations(state, infos) {
  const batch = new Batch(state);
  for (const info of infos) batch.applyRoom({ ...info, type: "room" });
  const { leftOut, ...next } = batch.result().state;
  return { ...next, leftOut: leftOut && without(leftOut, infos, state.me?.id) };
}
