// What the page knows of the link previews of a room, after a change.

import { withRange } from "../../model/ranges.js";

/** @import { DeletedEvent, MessageEvent, MessagePreview, Preview, PreviewedEvent } from "../../protocol" */

/**
 * @typedef {object} Previews
 * @property {ReadonlyMap<number, Preview>} read by the message's seq
 * @property {ReadonlyMap<number, Preview | null>} changed since, which an answer may lack; null: it is removed
 * @property {readonly (readonly [number, number])[]} ranges of messages whose previews are known; the others of them have none
 */

/** @type {Previews} */
const NOTHING = { read: new Map(), changed: new Map(), ranges: [] };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "previews", ofRoom: { message: afterMessage, deleted: afterDeletion, previewed: afterPreview } };

/** A new message has none yet. @param {Previews | undefined} known @param {MessageEvent} change @returns {Previews} */
function afterMessage(known = NOTHING, { seq }) {
  return { ...known, ranges: withRange(known.ranges, seq, seq) };
}

/** @param {Previews | undefined} known @param {PreviewedEvent} change @returns {Previews} */
function afterPreview(known = NOTHING, { seq, preview }) {
  return { ...known, changed: new Map(known.changed).set(seq, preview ?? null) };
}

/** @param {Previews | undefined} known @param {DeletedEvent} change @returns {Previews} */
function afterDeletion(known = NOTHING, { seq }) {
  return previewOf(known, seq) ? { ...known, changed: new Map(known.changed).set(seq, null) } : known;
}

/**
 * The known previews after those of a range of messages were read.
 * @param {Previews | undefined} known
 * @param {readonly MessagePreview[]} found
 * @param {number} first
 * @param {number} last
 * @returns {Previews}
 */
export function afterReading(known = NOTHING, found, first, last) {
  const read = new Map([...known.read].filter(([seq]) => seq < first || seq > last));
  for (const { seq, preview } of found) read.set(seq, preview);
  return { ...known, read, ranges: withRange(known.ranges, first, last) };
}

/** A message's preview. @param {Previews | undefined} known @param {number} seq */
export function previewOf(known, seq) {
  return known?.changed.has(seq) ? known.changed.get(seq) : known?.read.get(seq);
}
