// Which rows of a long list of equal rows are to be drawn: those in sight, and some around them.

import { useLayoutEffect, useState } from "../../vendor/preact.js";

/** Rows drawn beyond each edge, so that fast scrolling shows no hole. */
const AROUND = 10;

/**
 * What part of a scrolled element is in sight, in pixels.
 * @param {{ current: HTMLElement | null }} scroller
 * @returns {{ top: number, height: number }}
 */
export function useScrollView(scroller) {
  const [sight, setSight] = useState({ top: 0, height: 1200 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    let frame = 0;
    const look = () => {
      frame = 0;
      setSight({ top: element.scrollTop, height: element.clientHeight });
    };
    const later = () => {
      frame ||= requestAnimationFrame(look);
    };
    const resized = new ResizeObserver(later);
    resized.observe(element);
    element.addEventListener("scroll", later, { passive: true });
    look();
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      element.removeEventListener("scroll", later);
    };
  }, []);
  return sight;
}

/**
 * Which of `count` rows of `height` pixels are to be drawn where the first one lies `offset` pixels below the top.
 * @param {{ top: number, height: number }} sight
 * @param {{ count: number, height: number, offset?: number }} rows
 * @returns {{ first: number, end: number }}
 */
export function visibleRows(sight, { count, height, offset = 0 }) {
  const first = Math.floor((sight.top - offset) / height) - AROUND;
  const end = Math.ceil((sight.top + sight.height - offset) / height) + AROUND;
  return { first: clamp(first, count), end: clamp(end, count) };
}

/**
 * Pixels of `rem`, which follows the reader's font size.
 * @param {number} rem
 */
export function pixels(rem) {
  return rem * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
}

/** @param {number} index @param {number} count */
function clamp(index, count) {
  return Math.max(0, Math.min(count, index));
}
