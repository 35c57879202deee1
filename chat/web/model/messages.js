// A message after a change of it. A change carries the new state, not a difference.

/** @import { DeletedEvent, EditedEvent, Message, MessageEvent } from "../protocol" */
/** @import { FeatureChanges } from "./model" */

/** @typedef {{ type: string, seq: number, pos: number, at: number }} MessageChange a change of one message */

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
 * @param {MessageChange} change
 * @param {number} me
 * @param {readonly FeatureChanges[]} features
 * @returns {Message}
 */
export function afterChange(message, change, me, features) {
  const moved = { ...message, pos: change.pos };
  if (message.deleted && change.type !== "deleted") return moved; // it arrived deleted, so older changes no longer apply
  return features.reduce((after, { ofMessage }) => ofMessage?.[change.type]?.(after, change, me) ?? after, withText(moved, change));
}

/**
 * @param {Message} message
 * @param {MessageChange} change
 * @returns {Message}
 */
function withText(message, change) {
  if (change.type === "deleted") {
    const { by } = /** @type {DeletedEvent} */ (change);
    const { mentions: _mentions, all: _all, files: _files, ...rest } = message;
    return { ...rest, text: "", deleted: { at: change.at, ...(by === undefined ? {} : { by }) } };
  }
  if (change.type !== "edited") return message;
  const { text, mentions, all } = /** @type {EditedEvent} */ (change);
  const { mentions: _mentions, all: _all, ...rest } = message;
  return { ...rest, text, edited: change.at, ...(mentions?.length ? { mentions } : {}), ...(all ? { all: true } : {}) };
}
