// The message that a room's composer replies to or edits. The timeline sets it, the composer clears it.

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

/** Begin a reply or an edit, or end it with null. @param {number} room @param {ComposerTarget} what */
export function setComposerTarget(room, what) {
  if (what) rooms.set(room, what);
  else rooms.delete(room);
  for (const listener of listeners) listener(room);
}

/** Call a listener at once when a reply or an edit in a room begins or ends. @param {number} room @param {() => void} listener @returns {() => void} removes the listener */
export function onComposerTarget(room, listener) {
  const check = (/** @type {number} */ changed) => changed === room && listener();
  listeners.add(check);
  return () => void listeners.delete(check);
}

/** @param {number} room @returns {ComposerTarget} */
export function useComposerTarget(room) {
  const [, draw] = useState(0);
  useEffect(() => onComposerTarget(room, () => draw((count) => count + 1)), [room]);
  return composerTarget(room);
}

/** Focus the composer. */
export function focusComposer() {
  /** @type {HTMLElement | null} */ (document.querySelector(".composer textarea"))?.focus();
}
