// Selects the rows of a long list that are rendered: the visible ones and some around them.

import { useLayoutEffect, useState } from "../../vendor/preact.js";

/** Rows rendered beyond each edge, so that fast scrolling shows no gap. */
const OVERSCAN = 10;

/**
 * The visible part of a scrolled element, in pixels.
 * @param {{ current: HTMLElement | null }} scroller
 * @returns {{ top: number, height: number }}
 */
export function useScrollView(scroller) {
  const [sight, setSight] = useState({ top: 0, height: 1200 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    let frame = 0;
    const update = () => {
      frame = 0;
      setSight({ top: element.scrollTop, height: element.clientHeight });
    };
    const later = () => {
      frame ||= requestAnimationFrame(update);
    };
    const resized = new ResizeObserver(later);
    resized.observe(element);
    element.addEventListener("scroll", later, { passive: true });
    update();
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      element.removeEventListener("scroll", later);
    };
  }, []);
  return sight;
}

/**
 * The range of `count` rows of `height` pixels to render, if the first one lies `offset` pixels below the top.
 * @param {{ top: number, height: number }} sight
 * @param {{ count: number, height: number, offset?: number }} rows
 * @returns {{ first: number, end: number }}
 */
export function visibleRows(sight, { count, height, offset = 0 }) {
  const first = Math.floor((sight.top - offset) / height) - OVERSCAN;
  const end = Math.ceil((sight.top + sight.height - offset) / height) + OVERSCAN;
  return { first: clamp(first, count), end: clamp(end, count) };
}

/**
 * Convert rem to pixels; it follows the reader's font size.
 * @param {number} rem
 */
export function remToPixels(rem) {
  return rem * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
}

/** @param {number} index @param {number} count */
function clamp(index, count) {
  return Math.max(0, Math.min(count, index));
}
