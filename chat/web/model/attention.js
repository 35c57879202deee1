// What asks for somebody's attention: by the contract's rule for notifications, and as a number for the tab. Pure.

import { mentions } from "./unread.js";

/** @import { Message, RoomInfo } from "./types" */

/**
 * Whether a message is worth a notification: direct and support, mentions, and rooms of which one wants everything;
 * never one's own, never in a muted room, never of somebody who is blocked.
 * @param {RoomInfo} info
 * @param {Message} message
 * @param {number} me
 * @param {ReadonlySet<number>} blocked
 */
export function asksAttention(info, message, me, blocked) {
  const { sender, kind = "text", deleted } = message;
  if (kind !== "text" || deleted || sender.id === me || blocked.has(sender.id) || info.notify === "none") return false;
  return isPersonal(info) || info.notify === "all" || mentions(message, me);
}

/**
 * How many messages ask for attention, and whether anything else is unread.
 * @param {Iterable<{ info: RoomInfo }>} rooms
 * @returns {{ count: number, isMore: boolean }}
 */
export function attentionOf(rooms) {
  let count = 0;
  let isMore = false;
  for (const { info } of rooms) {
    const { unread = 0, mentions = 0, notify, hidden } = info;
    if (notify === "none" || hidden || unread === 0) continue;
    count += isPersonal(info) || notify === "all" ? unread : mentions;
    isMore = true;
  }
  return { count, isMore };
}

/** @param {RoomInfo} info */
function isPersonal({ kind }) {
  return kind === "direct" || kind === "support";
}
