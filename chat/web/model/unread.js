// The server's rule for unread messages: a message counts if it is a text by another person after the read mark and is not
// deleted. Those that mention this person are also counted separately. The server counts to 100.

/** @import { Message } from "../protocol" */

/** This many or more. */
export const UNREAD_LIMIT = 100;

/**
 * Whether a message that is not deleted counts as unread for a person who has read up to `read`.
 * @param {Message} message
 * @param {number} me
 * @param {number} read
 */
export function countsAsUnread(message, me, read) {
  return (message.kind ?? "text") === "text" && message.sender.id !== me && message.seq > read;
}

/**
 * @param {{ mentions?: readonly number[], all?: boolean }} text
 * @param {number} person
 */
export function mentionsPerson(text, person) {
  return Boolean(text.all) || (text.mentions ?? []).includes(person);
}

/**
 * Count unread mentions from `last` down to `read`; null where not all messages are loaded.
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
    if (countsAsUnread(message, me, read) && mentionsPerson(message, me)) count++;
  }
  return Math.min(count, UNREAD_LIMIT);
}

/**
 * Count unread messages from `last` down to `read`; null where not all messages are loaded.
 * @param {ReadonlyMap<number, Message>} messages
 * @param {number} me
 * @param {number} read
 * @param {number} last
 * @param {(message: Message) => boolean} isDeleted whether its deletion event has arrived
 */
export function countUnreadMessages(messages, me, read, last, isDeleted) {
  let unread = 0;
  for (let seq = last; seq > read && unread < UNREAD_LIMIT; seq--) {
    const message = messages.get(seq);
    if (!message) return null;
    if (countsAsUnread(message, me, read) && !isDeleted(message)) unread++;
  }
  return unread;
}
