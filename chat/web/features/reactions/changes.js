// The reactions of a message after a change.

/** @import { Message, Reaction, ReactedEvent } from "../../protocol" */

/** A reaction names at most this many people, as the server does. */
const PEOPLE_NAMED = 20;

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "reactions", ofMessage: { reacted: withReaction, deleted: withoutReactions } };

/**
 * @param {Message} message
 * @param {ReactedEvent} change
 * @param {number} me
 * @returns {Message}
 */
function withReaction({ reactions = [], ...rest }, change, me) {
  const after = reactionsAfter(reactions, change, me);
  return { ...rest, ...(after.length ? { reactions: after } : {}) };
}

/** @param {Message} message @returns {Message} */
function withoutReactions({ reactions: _reactions, ...rest }) {
  return rest;
}

/**
 * An emoji without people is removed.
 * @param {readonly Reaction[]} reactions
 * @param {ReactedEvent} change
 * @param {number} me
 * @returns {Reaction[]}
 */
function reactionsAfter(reactions, { emoji, person, count, on = true }, me) {
  const known = reactions.find((each) => each.emoji === emoji);
  const before = known?.people ?? [];
  const others = before.filter((each) => each !== person);
  const joined = before.includes(person) ? before : [...before, person].slice(0, PEOPLE_NAMED);
  const mine = person === me ? on : Boolean(known?.mine);
  const now = { emoji, count, people: on ? [...joined] : others, ...(mine ? { mine } : {}) };
  if (!known) return count ? [...reactions, now] : [...reactions];
  return reactions.flatMap((each) => (each !== known ? [each] : count ? [now] : []));
}
