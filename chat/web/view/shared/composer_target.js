// The message that a room's composer replies to or edits. The timeline sets it, the composer clears it.

import { useEffect, useState } from "../../vendor/preact.js";
import { TOUCH } from "./media.js";
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

/** Focus what one came to a place for: the composer of a room, if there is a keyboard, or else the heading. */
export function focusPlace() {
  if (!matchMedia(TOUCH).matches && !document.querySelector(".panel")) focusComposer();
  const active = document.activeElement;
  if (active?.closest(".composer")) return;
  const headings = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".panel h2, .place h1, .sidebar h1"));
  const seen = [...headings].find((heading) => heading.checkVisibility());
  seen?.setAttribute("tabindex", "-1");
  seen?.focus();
}
