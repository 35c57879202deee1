// A popover next to an element, until Escape, a click elsewhere or a choice.

import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";

const EDGE = 8;

/**
 * The focus goes to its `data-first` element, and returns afterwards.
 * @param {{ at: DOMRect, label: string, role?: string, class: string, onClose: () => void, onKeyDown?: (event: KeyboardEvent) => void, children?: unknown }} props
 */
export function Floating({ at, label, role = "dialog", class: name, onClose, onKeyDown, children }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const floating = element.current;
    const before = document.activeElement;
    if (!floating) return undefined;
    floating.showPopover();
    put(floating, at);
    /** @type {HTMLElement | null} */ (floating.querySelector("[data-first]"))?.focus({ preventScroll: true });
    return () => {
      const isInside = floating.contains(document.activeElement) || document.activeElement === document.body;
      if (isInside && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const toggled = (/** @type {ToggleEvent} */ event) => {
    if (event.newState === "closed") onClose();
  };
  return html`<div class=${`floating ${name}`} popover="auto" role=${role} aria-label=${label} ref=${element} onToggle=${toggled} onKeyDown=${onKeyDown}>
    ${children}
  </div>`;
}

/** Position it below the element or above, within the window. On a phone the style puts it at the bottom. @param {HTMLElement} floating @param {DOMRect} at */
function put(floating, at) {
  const { width, height } = floating.getBoundingClientRect();
  const below = at.bottom + 4;
  const top = below + height + EDGE < innerHeight ? below : at.top - height - 4;
  const left = Math.min(at.right - width, innerWidth - width - EDGE);
  Object.assign(floating.style, { left: `${Math.max(EDGE, left)}px`, top: `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px` });
}
