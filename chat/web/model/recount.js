// Counts a room's unread messages and mentions again after a change or a moved read mark.

import { countMentions, countsAsUnread, countUnreadMessages, mentionsPerson, UNREAD_LIMIT } from "./unread.js";

/** @import { RoomState } from "./model" */
/** @import { DeletedEvent, EditedEvent, Message } from "../protocol" */

/**
 * Set the read mark to `seq`.
 * @param {RoomState} room
 * @param {number} me
 * @param {number} seq
 * @param {number} unread the server's count after it, used where this client cannot count
 * @param {number} mentions likewise
 */
export function moveReadMark(room, me, seq, unread, mentions) {
  // The count here covers the changes received so far; the server's count may be ahead of them.
  room.info = {
    ...room.info,
    read: seq,
    unread: unreadAfter(room, me, seq) ?? unread,
    mentions: countMentions(room.messages, me, seq, room.info.seq) ?? mentions,
  };
  room.needsCount = false;
}

/**
 * Lower the unread count after the deletion of one message after the read mark. The server must count where the message
 * is not loaded, which may be this person's own, or where the count is at its limit.
 * @param {RoomState} room
 * @param {Message | undefined} deleted the message before its deletion
 * @param {number} me
 */
export function recountAfterDeletion(room, deleted, me) {
  const { unread = 0, read } = room.info;
  if (deleted && unread < UNREAD_LIMIT) {
    room.info = { ...room.info, unread: unread - Number(countsAsUnread(deleted, me, read)) };
    return;
  }
  const counted = unreadAfter(room, me, read);
  room.needsCount = counted === null;
  room.info = { ...room.info, unread: counted ?? unread };
}

/**
 * Count mentions after the edit or the deletion of a message after the read mark.
 * @param {RoomState} room
 * @param {EditedEvent | DeletedEvent} change
 * @param {Message | undefined} before the message before the change, where it is loaded
 * @param {number} me
 */
export function recountMentions(room, change, before, me) {
  const { info } = room;
  const mentions = info.mentions ?? 0;
  const isMentioned = change.type === "edited" && mentionsPerson(change, me);
  if (!mentions && !isMentioned) return;
  if (before && before.pos < change.pos && mentions < UNREAD_LIMIT) {
    if (!countsAsUnread(before, me, info.read)) return;
    const now = mentions - Number(mentionsPerson(before, me)) + Number(isMentioned);
    room.info = { ...info, mentions: Math.min(Math.max(now, 0), UNREAD_LIMIT) };
    return;
  }
  const counted = countMentions(room.messages, me, info.read, info.seq);
  // Without the message's state before the change, its mentions are unknown.
  if (counted === null) room.needsCount = true;
  else room.info = { ...info, mentions: counted };
}

/**
 * Count the unread messages after `read`; null where not all of them are loaded.
 * @param {RoomState} room
 * @param {number} me
 * @param {number} read
 */
function unreadAfter(room, me, read) {
  const { messages, info, pendingDeletions } = room;
  return countUnreadMessages(
    messages,
    me,
    read,
    info.seq,
    (message) => Boolean(message.deleted) && message.pos <= info.pos && !pendingDeletions.has(message.seq),
  );
}
