// The timeline's keys: arrows move from message to message, single letters act on the focused one.

import { focusAfter } from "../../model/timeline.js";
import { focusComposer } from "../shared/composer_target.js";
import { letterOfKey } from "../controls/key_letter.js";

/** @typedef {import("../../model/types").Message} Message */

/**
 * @param {KeyboardEvent} event
 * @param {{ messages: ReadonlyMap<number, Message>, actions: import("../../features/feature").MessageActions,
 *   setFocused: (seq: number) => void }} timeline
 */
export function actOnKey(event, { messages, actions, setFocused }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.closest("[data-focus]") : null;
  if (event.key === "Escape") {
    focusComposer();
    return;
  }
  const key = letterOfKey(event);
  if (key === "ArrowUp" || key === "ArrowDown" || key === "Home" || key === "End") {
    move(event, list, key, setFocused);
    return;
  }
  const message = messages.get(Number(/** @type {HTMLElement | null} */ (focused)?.dataset.focus));
  if (!focused || !message) return;
  if (key === "ContextMenu" || key === "F10") actions.open(message, "menu", rectOf(focused));
  else {
    const action = document.activeElement === focused && actions.allowed(message).find((each) => each.key === key);
    if (!action) return;
    actions.act(action, message, rectOf(focused));
  }
  event.preventDefault();
}

/** @param {Element} element */
function rectOf(element) {
  const { right, top } = element.getBoundingClientRect();
  return new DOMRect(right - 200, Math.max(top, 0), 180, 24);
}

/** @param {KeyboardEvent} event @param {HTMLElement} list @param {"ArrowUp" | "ArrowDown" | "Home" | "End"} key @param {(seq: number) => void} setFocused */
function move(event, list, key, setFocused) {
  const elements = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-focus]"))];
  const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-focus]"));
  const to = focusAfter(elements.map(({ dataset }) => Number(dataset.focus)), focused ? Number(focused.dataset.focus) : null, key);
  const element = elements.find(({ dataset }) => Number(dataset.focus) === to);
  if (!element || to === null) return;
  event.preventDefault();
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
  setFocused(to);
}
