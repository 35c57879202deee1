// What the page knows of a room's pinned messages, after a change.

/** @import { DeletedEvent, EditedEvent, PinnedEvent, PinnedMessage } from "../../protocol" */

/**
 * @typedef {object} Pins
 * @property {number} pos of the newest change
 * @property {ReadonlySet<number>} [seqs] the messages that are pinned; absent until they were read
 * @property {readonly PinnedMessage[]} list the newest first, as it was read; it may lack messages that were pinned later
 */

/** @type {Pins} */
const NOT_READ = { pos: 0, list: [] };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "pins", ofRoom: { pinned: afterPin, deleted: afterDeletion, edited: afterEdit } };

/** @param {Pins | undefined} known @param {PinnedEvent} change @returns {Pins} */
function afterPin(known = NOT_READ, { pos, seq, on = true }) {
  const { seqs, list } = without(known, seq);
  return { pos, list, ...(seqs && { seqs: on ? new Set(seqs).add(seq) : seqs }) };
}

/** A deleted message is pinned no more. @param {Pins | undefined} known @param {DeletedEvent} change @returns {Pins} */
function afterDeletion(known = NOT_READ, { pos, seq }) {
  return { ...without(known, seq), pos };
}

/** @param {Pins | undefined} known @param {EditedEvent} change @returns {Pins} */
function afterEdit(known = NOT_READ, { pos, at, seq, text }) {
  const list = known.list.map((pin) => (pin.message.seq === seq ? { ...pin, message: { ...pin.message, text, edited: at } } : pin));
  return { ...known, pos, list };
}

/** @param {Pins} known @param {number} seq @returns {Pins} */
function without({ pos, seqs, list }, seq) {
  const others = seqs && new Set([...seqs].filter((each) => each !== seq));
  return { pos, list: list.filter(({ message }) => message.seq !== seq), ...(others && { seqs: others }) };
}
