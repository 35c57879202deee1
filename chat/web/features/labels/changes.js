// The labels of support conversations, as far as this operator's page knows them.

/** @import { Label, LabelsEvent, LabelsOf } from "../../protocol" */

/**
 * @typedef {object} Known
 * @property {readonly Label[]} [labels] absent until they were read
 * @property {ReadonlyMap<number, readonly number[]>} rooms the ids of labels by conversation
 * @property {number} events so far
 * @property {number} changes how often labels were added, changed or removed since
 */

/** @type {Known} */
const NOTHING = { rooms: new Map(), events: 0, changes: 0 };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "labels", ofOwn: { labels: afterEvent } };

/** @param {Known | undefined} known @param {LabelsEvent} event @returns {Known} */
function afterEvent(known = NOTHING, { room, labels }) {
  const events = known.events + 1;
  if (room === undefined) return { ...known, events, changes: known.changes + 1 };
  return { ...known, events, rooms: new Map(known.rooms).set(room, labels ?? []) };
}

/** @param {Known | undefined} known @param {readonly Label[]} labels @param {readonly LabelsOf[]} rooms @returns {Known} */
export function afterReading(known = NOTHING, labels, rooms) {
  return { ...known, labels, rooms: new Map(rooms.map(({ room, labels: ids = [] }) => [room, ids])) };
}

/** The labels of a conversation, in the order of all. @param {Known | undefined} known @param {number} room @returns {readonly Label[]} */
export function labelsOf(known, room) {
  const ids = known?.rooms.get(room) ?? [];
  return ids.length ? (known?.labels ?? []).filter(({ id }) => ids.includes(id)) : [];
}

/**
 * The conversations that have a label; 0, or one that is gone: all.
 * @template {{ id: number }} Info
 * @param {Known | undefined} known @param {readonly Info[]} infos @param {number} label @returns {readonly Info[]}
 */
export function filterByLabel(known, infos, label) {
  if (!known?.labels?.some(({ id }) => id === label)) return infos;
  return infos.filter(({ id }) => known.rooms.get(id)?.includes(label));
}
