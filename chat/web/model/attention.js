// Which messages deserve a notification (docs/protocols/native.md), and the number on the browser's tab.

import { mentionsPerson } from "./unread.js";

/** @import { Message, RoomInfo } from "./types" */

/**
 * Whether a message deserves a notification: in direct and support rooms, mentions, and rooms set to "all"; never this
 * person's own messages, muted rooms or blocked senders.
 * @param {RoomInfo} info
 * @param {Message} message
 * @param {number} me
 * @param {ReadonlySet<number>} blocked
 */
export function isWorthNotifying(info, message, me, blocked) {
  return mayNotify(info, message, me, blocked) && (isPersonal(info) || info.notify === "all" || mentionsPerson(message, me));
}

/**
 * Whether a message deserves a notification if its thread is followed.
 * @param {RoomInfo} info
 * @param {Message} message
 * @param {number} me
 * @param {ReadonlySet<number>} blocked
 */
export function isReplyToNotify(info, message, me, blocked) {
  return message.root !== undefined && mayNotify(info, message, me, blocked);
}

/** @param {RoomInfo} info @param {Message} message @param {number} me @param {ReadonlySet<number>} blocked */
function mayNotify(info, { sender, kind = "text", deleted }, me, blocked) {
  return kind === "text" && !deleted && sender.id !== me && !blocked.has(sender.id) && info.notify !== "none";
}

/**
 * How many messages ask for attention, in how many rooms, and whether anything else is unread.
 * @param {Iterable<{ info: RoomInfo }>} rooms
 * @param {{ unread: number, unread_in: number } | null} [leftOut] of support conversations that are not among the rooms
 * @returns {{ count: number, inRooms: number, isMore: boolean }}
 */
export function countAttention(rooms, leftOut = null) {
  let count = leftOut?.unread ?? 0;
  let inRooms = leftOut?.unread_in ?? 0;
  let isMore = inRooms > 0;
  for (const { info } of rooms) {
    const { unread = 0, mentions = 0, notify, hidden } = info;
    if (notify === "none" || hidden || unread === 0) continue;
    const here = isPersonal(info) || notify === "all" ? unread : mentions;
    count += here;
    inRooms += here > 0 ? 1 : 0;
    isMore = true;
  }
  return { count, inRooms, isMore };
}

/** @param {RoomInfo} info */
export function isPersonal({ kind, others }) {
  return kind === "direct" || kind === "support" || others !== undefined;
}
