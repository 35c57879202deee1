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

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "saved", ofOwn: { saved: afterSwitch } };

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
