// What the composer of a room is about: a reply or an edit. The timeline begins it, the composer ends it.

import { useEffect, useState } from "../../vendor/preact.js";
import { sessionMap } from "./session_memory.js";

/** @typedef {{ reply: number } | { edit: number } | null} ComposerTarget by seq */

/** @type {Map<number, NonNullable<ComposerTarget>>} */
const rooms = sessionMap();
/** @type {Set<(room: number) => void>} */
const listeners = new Set();

/** @param {number} room @returns {ComposerTarget} */
export function composerTarget(room) {
  return rooms.get(room) ?? null;
}

/** Begin a reply or an edit, or end it. @param {number} room @param {ComposerTarget} what */
export function setComposerTarget(room, what) {
  if (what) rooms.set(room, what);
  else rooms.delete(room);
  for (const listener of listeners) listener(room);
}

/** Hear of each reply or edit of a room that begins or ends, at once. @param {number} room @param {() => void} heard @returns {() => void} which ends it */
export function onComposerTarget(room, heard) {
  const look = (/** @type {number} */ changed) => changed === room && heard();
  listeners.add(look);
  return () => void listeners.delete(look);
}

/** @param {number} room @returns {ComposerTarget} */
export function useComposerTarget(room) {
  const [, draw] = useState(0);
  useEffect(() => onComposerTarget(room, () => draw((count) => count + 1)), [room]);
  return composerTarget(room);
}

/** Put the focus where one writes. */
export function focusComposer() {
  /** @type {HTMLElement | null} */ (document.querySelector(".composer textarea"))?.focus();
}
