// What the page knows of this person's saved messages, after one was saved or removed in any session.

/** @import { Reminder, ReminderEvent, RemindersDueEvent, SavedEvent } from "../../protocol" */

/**
 * @typedef {object} Saved
 * @property {number} changes events so far
 * @property {number} added how often messages may have come to the list
 * @property {ReadonlySet<string>} [places] where they are (`placeOf`); absent until they were read
 * @property {ReadonlyMap<string, Reminder>} reminders by place
 */

/** @type {Saved} */
export const NOT_READ = { changes: 0, added: 0, reminders: new Map() };

/** Changed messages that are remembered of a room. */
const MOST_CHANGED = 50;

/** @typedef {readonly { seq: number, pos: number }[]} Changed the last messages of a room that were edited or deleted */

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "saved", ofOwn: { saved: afterSwitch, reminder: afterReminder, reminders_due: afterDue }, ofRoom: { edited: afterChange, deleted: afterChange } };

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
  const reminders = on ? known.reminders : without(known.reminders, placeOf(event));
  return { changes: known.changes + 1, added: known.added + (on ? 1 : 0), reminders, ...(places && { places }) };
}

/** A reminder was set, which saves its message, or removed. @param {Saved | undefined} known @param {ReminderEvent} event @returns {Saved} */
function afterReminder(known = NOT_READ, { room, seq, at }) {
  const place = placeOf({ room, seq });
  const reminders = without(known.reminders, place);
  if (at !== undefined) reminders.set(place, { room, seq, at });
  const isNew = at !== undefined && known.places?.has(place) === false;
  return {
    changes: known.changes + 1,
    added: known.added + (isNew ? 1 : 0),
    reminders,
    ...(known.places && { places: at === undefined ? known.places : new Set([...known.places, place]) }),
  };
}

/** These come first in the list now. @param {Saved | undefined} known @param {RemindersDueEvent} event @returns {Saved} */
function afterDue(known = NOT_READ, event) {
  const reminders = new Map(known.reminders);
  for (const each of event.reminders) reminders.set(placeOf(each), { ...each, due: true });
  return { ...known, changes: known.changes + 1, added: known.added + 1, reminders };
}

/** @param {ReadonlyMap<string, Reminder>} reminders @param {string} place */
function without(reminders, place) {
  const rest = new Map(reminders);
  rest.delete(place);
  return rest;
}

/**
 * The reminders that are due in rooms that the page knows, the earliest first.
 * @param {Saved | undefined} known
 * @param {ReadonlyMap<number, unknown>} rooms
 */
export function dueOf(known, rooms) {
  return [...(known?.reminders.values() ?? [])].filter(({ room, due }) => due && rooms.has(room)).sort((a, b) => a.at - b.at);
}

/**
 * What is known after a read.
 * @param {Saved | undefined} known
 * @param {readonly { room: number, seqs?: readonly number[] }[]} rooms
 * @param {readonly Reminder[]} [reminders]
 * @returns {Saved}
 */
export function afterReading(known = NOT_READ, rooms, reminders = []) {
  const places = new Set(rooms.flatMap(({ room, seqs = [] }) => seqs.map((seq) => placeOf({ room, seq }))));
  const isLonger = known.places !== undefined && [...places].some((place) => !known.places?.has(place));
  const isDue = reminders.some((each) => each.due && known.places !== undefined && !known.reminders.get(placeOf(each))?.due);
  const added = known.added + (isLonger || isDue ? 1 : 0);
  return { changes: known.changes, added, places, reminders: new Map(reminders.map((each) => [placeOf(each), each])) };
}
