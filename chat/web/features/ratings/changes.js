// The ratings of conversations, as far as this operator's page knows them.

/** @import { Rating, RatingsEvent } from "../../protocol" */

/**
 * @typedef {object} Known
 * @property {ReadonlyMap<number, readonly Rating[]>} ratings by conversation, as they were read
 * @property {ReadonlyMap<number, number>} changes how often one was rated since, by conversation
 */

/** @type {Known} */
const NOTHING = { ratings: new Map(), changes: new Map() };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "ratings", ofOwn: { ratings: afterEvent } };

/** @param {Known | undefined} known @param {RatingsEvent} event @returns {Known} */
function afterEvent(known = NOTHING, { room }) {
  return { ...known, changes: new Map(known.changes).set(room, (known.changes.get(room) ?? 0) + 1) };
}

/** @param {Known | undefined} known @param {number} room @param {readonly Rating[]} ratings @returns {Known} */
export function afterReading(known = NOTHING, room, ratings) {
  return { ...known, ratings: new Map(known.ratings).set(room, ratings) };
}

/** The rating behind a message. @param {Known | undefined} known @param {number} room @param {number} seq */
export function ratingBehind(known, room, seq) {
  return known?.ratings.get(room)?.find((rating) => rating.seq === seq);
}
