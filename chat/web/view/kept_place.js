// Keeps the place of a scrolled list to the pixel while rows come, go and grow around it.

import { useLayoutEffect, useRef } from "../vendor/preact.js";

/** Nearer to the end than this, in pixels, is at the end. */
const NEAR_END = 32;

/**
 * @typedef {object} KeptPlace
 * @property {() => void} note remember what is in sight, where one has scrolled since
 * @property {() => void} moved remember what is in sight, because it was scrolled to
 * @property {() => void} restore put it back where it was
 * @property {() => boolean} isAtEnd
 * @property {(isAtEnd: boolean) => void} stick whether what comes at the end is scrolled to
 * @property {() => number | null} topSeq the first message in sight
 */

/**
 * @param {{ current: HTMLElement | null }} scroller with a list of rows that have `data-seq` and `data-key`
 * @returns {KeptPlace}
 */
export function useKeptPlace(scroller) {
  const place = useRef(/** @type {KeptPlace | null} */ (null));
  place.current ??= keptPlace(scroller);
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

/** @param {{ current: HTMLElement | null }} scroller @returns {KeptPlace} */
function keptPlace(scroller) {
  let atEnd = true;
  let scrolled = 0;
  // By its lower edge: the first row drawn loses its name above the text when those before it are drawn.
  /** @type {{ key: string, seq: number, bottom: number } | null} */
  let anchor = null;

  function note() {
    const element = scroller.current;
    // Rows that grew say nothing of where the reader is; only scrolling does.
    if (!element || (anchor && element.scrollTop === scrolled)) return;
    scrolled = element.scrollTop;
    atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    anchor = firstInSight(element);
  }

  function restore() {
    const element = scroller.current;
    if (!element) return;
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

/** @param {HTMLElement} scroller */
function firstInSight(scroller) {
  const { top } = scroller.getBoundingClientRect();
  const rows = /** @type {NodeListOf<HTMLElement>} */ (scroller.querySelectorAll("[data-seq]"));
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  const row = rows[low];
  if (!row) return null;
  return { key: row.dataset.key ?? "", seq: Number(row.dataset.seq), bottom: row.getBoundingClientRect().bottom - top };
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
