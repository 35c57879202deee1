// What the page knows of this person's saved messages, after one was saved or removed in any session.

/** @import { SavedEvent } from "../../protocol" */

/**
 * @typedef {object} Saved
 * @property {number} changes events so far
 * @property {number} added how often messages may have come to the list
 * @property {ReadonlySet<string>} [places] where they are (`placeOf`); absent until they were read
 */

/** @type {Saved} */
export const NOT_READ = { changes: 0, added: 0 };

/** Changed messages that are remembered of a room. */
const MOST_CHANGED = 50;

/** @typedef {readonly { seq: number, pos: number }[]} Changed the last messages of a room that were edited or deleted */

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "saved", ofOwn: { saved: afterSwitch }, ofRoom: { edited: afterChange, deleted: afterChange } };

/** @param {Changed | undefined} known @param {{ seq: number, pos: number }} change @returns {Changed} */
function afterChange(known = [], { seq, pos }) {
  return [...known, { seq, pos }].slice(-MOST_CHANGED);
}

/**
 * The changes of saved messages, as a text that is another one after each.
 * @param {ReadonlyMap<number, { features: Readonly<Record<string, unknown>> }>} rooms
 * @param {ReadonlySet<string>} [places]
 */
export function changesOf(rooms, places = new Set()) {
  const found = [];
  for (const [room, { features }] of rooms) {
    const changed = /** @type {Changed | undefined} */ (features.saved) ?? [];
    for (const { seq, pos } of changed) if (places.has(placeOf({ room, seq }))) found.push(`${room}:${pos}`);
  }
  return found.join();
}

/** @param {{ room: number, seq: number }} message */
export function placeOf({ room, seq }) {
  return `${room}/${seq}`;
}

/** @param {Saved | undefined} known @param {SavedEvent} event @returns {Saved} */
function afterSwitch(known = NOT_READ, event) {
  const { on = true } = event;
  const places = known.places && new Set(known.places);
  if (on) places?.add(placeOf(event));
  else places?.delete(placeOf(event));
  return { changes: known.changes + 1, added: known.added + (on ? 1 : 0), ...(places && { places }) };
}

/**
 * What is known after a read.
 * @param {Saved | undefined} known
 * @param {readonly { room: number, seqs?: readonly number[] }[]} rooms
 * @returns {Saved}
 */
export function afterReading(known = NOT_READ, rooms) {
  const places = new Set(rooms.flatMap(({ room, seqs = [] }) => seqs.map((seq) => placeOf({ room, seq }))));
  const isLonger = known.places !== undefined && [...places].some((place) => !known.places?.has(place));
  return { changes: known.changes, added: known.added + (isLonger ? 1 : 0), places };
}
