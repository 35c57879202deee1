// Gives views the chat, and renders them again when their part of the state changes.

import { createContext, options, useContext, useLayoutEffect, useReducer, useRef } from "../../vendor/preact.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */

/** @type {(() => void) | null} */
let waiting = null;
const drawNow = () => {
  const draw = waiting;
  waiting = null;
  draw?.();
};
// At most once a frame; a hidden page has no frames. A press draws first, so it acts on the newest input. Not the click of
// a check box or radio button: the browser has turned it already, and drawing turned it back without an event. An input is
// drawn as soon as it is handled: browsers fill in several fields within a frame, and each field's handler has what it drew.
options.debounceRendering = (draw) => {
  waiting = draw;
  if (document.hidden) setTimeout(drawNow, 0);
  else requestAnimationFrame(drawNow);
};
const drawFirst = (/** @type {Event} */ { type, target }) => {
  if (type !== "click" || !(target instanceof HTMLInputElement)) drawNow();
};
for (const type of ["pointerdown", "click", "keydown", "submit"]) addEventListener(type, drawFirst, true);
for (const type of ["input", "change"]) addEventListener(type, drawNow);

/** @type {import("../../vendor/preact").Context<Chat | null>} */
export const ChatContext = createContext(/** @type {Chat | null} */ (null));

/** @returns {Chat} */
export function useChat() {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("a view outside of ChatContext");
  return chat;
}

/**
 * A part of the state; the view is rendered again when it changes. New arrays and objects are compared item by item.
 * @template T
 * @param {(state: State) => T} select
 * @returns {T}
 */
export function useSelected(select) {
  const chat = useChat();
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const selected = useRef(/** @type {{ part: T, select: typeof select } | null} */ (null));
  const found = select(chat.get());
  const part = selected.current && isShallowEqual(selected.current.part, found) ? selected.current.part : found;
  selected.current = { part, select };
  useLayoutEffect(() => {
    const update = () => {
      const now = selected.current;
      if (now && !isShallowEqual(now.part, now.select(chat.get()))) redraw(0);
    };
    update(); // it may have changed between rendering and this effect
    return chat.subscribe(update);
  }, [chat]);
  return part;
}

/**
 * Whether two values are the same, or plain arrays or objects of the same items.
 * @param {unknown} one
 * @param {unknown} other
 */
export function isShallowEqual(one, other) {
  if (Object.is(one, other)) return true;
  if (!isPlain(one) || !isPlain(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => key in other && Object.is(one[key], other[key]));
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}
