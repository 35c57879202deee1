// Keeps the place of a scrolled list to the pixel while rows come, go and grow around it.

import { useLayoutEffect, useRef } from "../../vendor/preact.js";

/** Nearer to the end than this, in pixels, is at the end. */
const NEAR_END = 32;

/**
 * @typedef {object} ScrollAnchor
 * @property {() => void} note remember what is in sight, where one has scrolled since
 * @property {() => void} moved remember what is in sight, because it was scrolled to
 * @property {() => void} restore put it back where it was
 * @property {() => boolean} isAtEnd
 * @property {(isAtEnd: boolean) => void} stick whether what comes at the end is scrolled to
 * @property {() => number | null} topSeq the first message in sight
 */

/**
 * @param {{ current: HTMLElement | null }} scroller with a list of rows that have `data-seq` and `data-key`
 * @returns {ScrollAnchor}
 */
export function useScrollAnchor(scroller) {
  const place = useRef(/** @type {ScrollAnchor | null} */ (null));
  place.current ??= scrollAnchor(scroller);
  const kept = place.current;
  useLayoutEffect(() => {
    const list = scroller.current?.firstElementChild;
    if (!scroller.current || !list) return undefined;
    const observer = new ResizeObserver(() => kept.restore());
    observer.observe(scroller.current);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  return kept;
}

/** @param {{ current: HTMLElement | null }} scroller @returns {ScrollAnchor} */
function scrollAnchor(scroller) {
  let atEnd = true;
  let scrolled = 0;
  // By its lower edge: the first row drawn loses its name above the text when those before it are drawn.
  /** @type {{ key: string, seq: number, bottom: number } | null} */
  let anchor = null;

  function note() {
    const element = scroller.current;
    // Rows that grew say nothing of where the reader is; only scrolling does.
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
    note,
    restore,
    moved: () => {
      anchor = null;
      note();
    },
    isAtEnd: () => atEnd,
    stick: (isAtEnd) => {
      atEnd = isAtEnd;
    },
    topSeq: () => anchor?.seq ?? null,
  };
}

/** Whether the list has a height: behind a panel that takes its place it has none, and rows have no place. @param {HTMLElement} scroller */
export function isShown(scroller) {
  return scroller.clientHeight > 0;
}

/** The rows of messages, and which of them is the first that ends below a line, so many pixels below the upper edge; else the last. @param {HTMLElement} scroller @param {number} line */
function rowsBelow(scroller, line) {
  const edge = scroller.getBoundingClientRect().top + line;
  const rows = /** @type {NodeListOf<HTMLElement>} */ (scroller.querySelectorAll("[data-seq]"));
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  return { rows, at: low };
}

/** The first row that ends below a line, so many pixels below the upper edge; else the last. @param {HTMLElement} scroller @param {number} line @returns {HTMLElement | undefined} */
export function firstBelow(scroller, line) {
  const { rows, at } = rowsBelow(scroller, line);
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
 * Which messages are in sight, or no further from it than so many pixels.
 * @param {HTMLElement} scroller
 * @param {number} near
 * @param {{ first: number, last: number }} drawn all that are drawn; what is not loaded has no row of its own
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
