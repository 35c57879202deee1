// A message after an edit, a deletion or a reaction. A change carries the new state, not a difference.

/** @import { DeletedEvent, EditedEvent, Message, MessageEvent, Reaction, ReactedEvent } from "../protocol" */

/** A reaction names at most this many people, as the server does. */
const PEOPLE_NAMED = 20;

/**
 * The message of an event.
 * @param {MessageEvent} event
 * @returns {Message}
 */
export function messageOf(event) {
  const { type: _type, ...message } = event;
  return message;
}

/**
 * The message after a change that is newer than it.
 * @param {Message} message
 * @param {EditedEvent | DeletedEvent | ReactedEvent} change
 * @param {number} me
 * @returns {Message}
 */
export function withChange(message, change, me) {
  if (change.type === "deleted") {
    const { mentions: _mentions, all: _all, reactions: _reactions, files: _files, ...rest } = message;
    const by = change.by === undefined ? {} : { by: change.by };
    return { ...rest, pos: change.pos, text: "", deleted: { at: change.at, ...by } };
  }
  // It arrived deleted, so older changes no longer apply.
  if (message.deleted) return { ...message, pos: change.pos };
  if (change.type === "edited") {
    const { mentions: _mentions, all: _all, ...rest } = message;
    return {
      ...rest,
      pos: change.pos,
      text: change.text,
      edited: change.at,
      ...(change.mentions?.length ? { mentions: change.mentions } : {}),
      ...(change.all ? { all: true } : {}),
    };
  }
  const { reactions = [], ...rest } = message;
  const after = withReaction(reactions, change, me);
  return { ...rest, pos: change.pos, ...(after.length ? { reactions: after } : {}) };
}

/**
 * The reactions of a message after one more; an emoji without people is removed.
 * @param {readonly Reaction[]} reactions
 * @param {ReactedEvent} change
 * @param {number} me
 * @returns {Reaction[]}
 */
function withReaction(reactions, change, me) {
  const { emoji, person, count } = change;
  const on = change.on ?? true;
  const known = reactions.find((each) => each.emoji === emoji);
  const before = known?.people ?? [];
  const others = before.filter((each) => each !== person);
  const joined = before.includes(person) ? before : [...before, person].slice(0, PEOPLE_NAMED);
  const mine = person === me ? on : Boolean(known?.mine);
  const now = { emoji, count, people: on ? [...joined] : others, ...(mine ? { mine } : {}) };
  if (!known) return count ? [...reactions, now] : [...reactions];
  return reactions.flatMap((each) => (each !== known ? [each] : count ? [now] : []));
}
