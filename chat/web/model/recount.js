// A room's unread messages and mentions, counted again where a change or a mark alters them.

import { countMentions, counts, countUnread, MOST_UNREAD, mentions } from "./unread.js";

/** @import { KeptRoom } from "./model" */
/** @import { DeletedEvent, EditedEvent, Message } from "../protocol" */

/**
 * One has read up to `seq`; `unread` and `mentioned` are what the server counts after it.
 * @param {KeptRoom} room
 * @param {number} me
 * @param {number} seq
 * @param {number} unread
 * @param {number} mentioned
 */
export function mark(room, me, seq, unread, mentioned) {
  // What is counted here is as of the changes heard; the server's count may be ahead of them.
  room.info = {
    ...room.info,
    read: seq,
    unread: unreadAfter(room, me, seq) ?? unread,
    mentions: countMentions(room.messages, me, seq, room.info.seq) ?? mentioned,
  };
  room.isUncounted = false;
}

/**
 * One message after the mark is deleted: what is not held may have been one's own, and 100 may be more.
 * @param {KeptRoom} room
 * @param {Message | undefined} deleted as it was before
 * @param {number} me
 */
export function uncount(room, deleted, me) {
  const { unread = 0, read } = room.info;
  if (deleted && unread < MOST_UNREAD) {
    room.info = { ...room.info, unread: unread - Number(counts(deleted, me, read)) };
    return;
  }
  const own = unreadAfter(room, me, read);
  room.isUncounted = own === null;
  room.info = { ...room.info, unread: own ?? unread };
}

/**
 * A message after the mark has another text or none: it mentions others now.
 * @param {KeptRoom} room
 * @param {EditedEvent | DeletedEvent} change
 * @param {Message | undefined} before
 * @param {number} me
 */
export function recountMentions(room, change, before, me) {
  const { info } = room;
  const mentioned = info.mentions ?? 0;
  const isMentioned = change.type === "edited" && mentions(change, me);
  if (!mentioned && !isMentioned) return;
  if (before && before.pos < change.pos && mentioned < MOST_UNREAD) {
    if (!counts(before, me, info.read)) return;
    const now = mentioned - Number(mentions(before, me)) + Number(isMentioned);
    room.info = { ...info, mentions: Math.min(Math.max(now, 0), MOST_UNREAD) };
    return;
  }
  const own = countMentions(room.messages, me, info.read, info.seq);
  // Without all of them it is not known what it mentioned until now.
  if (own === null) room.isUncounted = true;
  else room.info = { ...info, mentions: own };
}

/**
 * Count what is unread after `read`; null where not all of it is held.
 * @param {KeptRoom} room
 * @param {number} me
 * @param {number} read
 */
function unreadAfter(room, me, read) {
  const { messages, info, toBeDeleted } = room;
  return countUnread(
    messages,
    me,
    read,
    info.seq,
    (message) => Boolean(message.deleted) && message.pos <= info.pos && !toBeDeleted.has(message.seq),
  );
}
