// Keeps a scrolled list in place, to the pixel, while rows are added, removed and resized around it.

import { useLayoutEffect, useRef } from "../../vendor/preact.js";

/** Nearer to the end than this, in pixels, counts as at the end. */
const NEAR_END = 32;

/**
 * @typedef {object} ScrollAnchor
 * @property {() => void} record remember the first row in sight, if the reader has scrolled since
 * @property {() => void} reset remember the first row in sight after scrolling to a message
 * @property {() => void} restore scroll so that this row is where it was
 * @property {() => boolean} isAtEnd
 * @property {(isAtEnd: boolean) => void} followEnd set whether the list follows its end
 * @property {() => number | null} topSeq the first message in sight
 */

/**
 * @param {{ current: HTMLElement | null }} scroller with a list of rows that have `data-seq` and `data-key`
 * @returns {ScrollAnchor}
 */
export function useScrollAnchor(scroller) {
  const place = useRef(/** @type {ScrollAnchor | null} */ (null));
  place.current ??= scrollAnchor(scroller);
  const anchor = place.current;
  useLayoutEffect(() => {
    const list = scroller.current?.firstElementChild;
    if (!scroller.current || !list) return undefined;
    const observer = new ResizeObserver(() => anchor.restore());
    observer.observe(scroller.current);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  return anchor;
}

/** @param {{ current: HTMLElement | null }} scroller @returns {ScrollAnchor} */
function scrollAnchor(scroller) {
  let atEnd = true;
  let scrolled = 0;
  // By its lower edge, because the first row loses the name above its text once rows before it are rendered.
  /** @type {{ key: string, seq: number, bottom: number } | null} */
  let anchor = null;

  function record() {
    const element = scroller.current;
    // Only scrolling changes the reader's place; growing rows do not.
    if (!element || !isShown(element) || (anchor && element.scrollTop === scrolled)) return;
    scrolled = element.scrollTop;
    atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    anchor = firstInSight(element);
  }

  function restore() {
    const element = scroller.current;
    if (!element || !isShown(element)) return;
    if (atEnd) element.scrollTop = element.scrollHeight;
    else toAnchor(element);
    anchor = firstInSight(element);
    scrolled = element.scrollTop;
  }

  /** @param {HTMLElement} element */
  function toAnchor(element) {
    const row = anchor && (rowOf(element, anchor.key) ?? rowAt(element, anchor.seq));
    if (!row || !anchor) return;
    const moved = row.getBoundingClientRect().bottom - element.getBoundingClientRect().top - anchor.bottom;
    if (Math.abs(moved) >= 0.5) element.scrollTop += moved;
  }

  return {
    record,
    restore,
    reset: () => {
      anchor = null;
      record();
    },
    isAtEnd: () => atEnd,
    followEnd: (isAtEnd) => {
      atEnd = isAtEnd;
    },
    topSeq: () => anchor?.seq ?? null,
  };
}

/** Whether the list is visible. Behind a panel that covers it, it has no height, and rows have no position. @param {HTMLElement} scroller */
export function isShown(scroller) {
  return scroller.clientHeight > 0;
}

/** The message rows, and the index of the first that ends below `offset`, in pixels from the upper edge; or the last. @param {HTMLElement} scroller @param {number} offset */
function rowsBelow(scroller, offset) {
  const edge = scroller.getBoundingClientRect().top + offset;
  const rows = /** @type {NodeListOf<HTMLElement>} */ (scroller.querySelectorAll("[data-seq]"));
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  return { rows, at: low };
}

/** The first row that ends below `offset`, in pixels from the upper edge; or the last. @param {HTMLElement} scroller @param {number} offset @returns {HTMLElement | undefined} */
export function firstBelow(scroller, offset) {
  const { rows, at } = rowsBelow(scroller, offset);
  return rows[at];
}

/** @param {HTMLElement} scroller */
function firstInSight(scroller) {
  const row = firstBelow(scroller, 0);
  if (!row) return null;
  const { top } = scroller.getBoundingClientRect();
  return { key: row.dataset.key ?? "", seq: Number(row.dataset.seq), bottom: row.getBoundingClientRect().bottom - top };
}

/**
 * The range of messages that are in sight, or at most `near` pixels away.
 * @param {HTMLElement} scroller
 * @param {number} near
 * @param {{ first: number, last: number }} drawn all that are rendered; unloaded messages have no row of their own
 */
export function inSight(scroller, near, drawn) {
  const { rows, at } = rowsBelow(scroller, -near);
  const end = rowsBelow(scroller, scroller.clientHeight + near).at;
  const isLast = end >= rows.length - 1;
  return {
    first: at === 0 ? drawn.first : Number(rows[at].dataset.seq),
    last: isLast ? drawn.last : Number(rows[end].dataset.last ?? rows[end].dataset.seq),
  };
}

/** @param {HTMLElement} scroller @param {string} key @returns {HTMLElement | null} */
function rowOf(scroller, key) {
  return scroller.querySelector(`[data-key="${key}"]`);
}

/** The row with a message, or the nearest after it. @param {HTMLElement} scroller @param {number} seq @returns {HTMLElement | null} */
export function rowAt(scroller, seq) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (scroller.querySelectorAll("[data-seq]"));
  for (const row of rows) if (Number(row.dataset.last ?? row.dataset.seq) >= seq) return row;
  return rows[rows.length - 1] ?? null;
}
