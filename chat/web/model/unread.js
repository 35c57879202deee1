// How many messages are unread, by the server's rule, so that it is what a reload would say.
//
// A message counts if it is a text, of somebody else, after the mark, and not deleted; of those, the ones that mention
// one are counted too. The server counts to 100.

/** @import { Message } from "../protocol" */

/** That many or more. */
export const MOST_UNREAD = 100;

/**
 * Whether a message that is not deleted counts as unread to somebody who has read up to `read`.
 * @param {Message} message
 * @param {number} me
 * @param {number} read
 */
export function counts(message, me, read) {
  return (message.kind ?? "text") === "text" && message.sender.id !== me && message.seq > read;
}

/**
 * Whether a text mentions somebody.
 * @param {{ mentions?: readonly number[], all?: boolean }} text
 * @param {number} me
 */
export function mentions(text, me) {
  return Boolean(text.all) || (text.mentions ?? []).includes(me);
}

/**
 * Count what mentions somebody after `read`, up to `last`; null where not all of it is held.
 * @param {ReadonlyMap<number, Message>} messages
 * @param {number} me
 * @param {number} read
 * @param {number} last
 */
export function countMentions(messages, me, read, last) {
  let count = 0;
  for (let seq = last; seq > read; seq--) {
    const message = messages.get(seq);
    if (!message) return null;
    if (counts(message, me, read) && mentions(message, me)) count++;
  }
  return Math.min(count, MOST_UNREAD);
}

/**
 * Count what comes after `read`, up to `last`; null where not all of it is held.
 * @param {ReadonlyMap<number, Message>} messages
 * @param {number} me
 * @param {number} read
 * @param {number} last
 * @param {(message: Message) => boolean} isDeleted whether its deletion has been told
 */
export function countUnread(messages, me, read, last, isDeleted) {
  let unread = 0;
  for (let seq = last; seq > read && unread < MOST_UNREAD; seq--) {
    const message = messages.get(seq);
    if (!message) return null;
    if (counts(message, me, read) && !isDeleted(message)) unread++;
  }
  return unread;
}
