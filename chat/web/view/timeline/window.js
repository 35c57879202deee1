// Which messages of a room are drawn, and where in them the reader is: moves the window as one scrolls or jumps.

import { useEffect, useLayoutEffect, useReducer, useRef } from "../../vendor/preact.js";
import * as timeline from "../../model/timeline.js";
import { useSelected } from "../shared/context.js";
import { inSight, isShown, rowAt } from "./scroll_anchor.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/timeline.js").Window} Window */
/** @typedef {{ seq: number, align: "center" | "upper" }} Goal what is to be scrolled to as soon as it is drawn */

/**
 * @typedef {object} At
 * @property {Window} window
 * @property {boolean} isAtEnd and one sees it
 * @property {boolean} isNewAbove what is new begins above what is in sight
 * @property {number | null} marked the message that was jumped to
 * @property {number | null} back where a quote was followed from
 * @property {(seq: number, from?: number) => void} goTo
 * @property {() => void} goToNew
 * @property {() => void} goToEnd
 * @property {() => void} onScroll
 * @property {() => void} onTouched
 */

/** Nearer to an edge of what is drawn than this, in pixels, and more is drawn. */
const NEAR = 800;

/**
 * @param {Room} room
 * @param {{ seq?: number, newAfter?: number }} where `seq`: the place that the address names; `newAfter`: behind it is new
 * @param {import("./scroll_anchor.js").ScrollAnchor} place
 * @param {{ current: HTMLElement | null }} scroller
 * @returns {At}
 */
export function useWindow(room, { seq, newAfter }, place, scroller) {
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const kept = useRef(/** @type {ReturnType<typeof begin> | null} */ (null));
  kept.current ??= begin(room, seq, newAfter);
  const it = kept.current;
  const newest = room.info.seq;
  const isLive = useSelected((state) => state.connection.state === "live");

  place.note();
  it.window = timeline.afterRoomChange(it.window, { before: it.newest, newest, isAtEnd: place.isAtEnd() && !it.goal });
  it.newest = newest;
  Object.assign(it, { room, newAfter });
  if (it.goal && isThere(it.goal) && it.window.last < it.goal.seq) it.window = timeline.around(it.goal.seq, newest);
  if (it.window.last < newest) place.stick(false);

  useLayoutEffect(arrange);
  const arranging = useRef(arrange);
  arranging.current = arrange;
  useLayoutEffect(() => {
    if (!scroller.current) return undefined;
    const observer = new ResizeObserver(() => arranging.current());
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  // Whoever came to the newest message without a line is at the end once it is known that there is nothing newer.
  useLayoutEffect(() => {
    if (!isLive || it.goal || it.window.last < newest) return;
    place.moved();
    look();
  }, [isLive]);
  useEffect(() => {
    if (seq !== undefined && seq !== it.address) goTo(seq);
    it.address = seq;
  }, [seq]);

  /** Go where one wants to be, or stay where one was, and draw what is to be seen there. */
  function arrange() {
    if (!it.goal || !isThere(it.goal)) place.restore();
    else if (reach(it.goal)) it.goal = null;
    look();
  }

  /** Whether it is known where that is: what is newer than all that is kept may come with the newAfter. @param {Goal} goal */
  function isThere({ seq }) {
    return isLive || seq <= newest;
  }

  /** @param {Goal} goal */
  function reach({ seq: wanted, align }) {
    const element = scroller.current;
    if (it.newest === 0) return true;
    const seq = within(wanted, it.newest);
    if (!element || !isShown(element) || timeline.missingRanges({ first: seq, last: seq }, it.room.loadedRanges).length) return false;
    const row = align === "upper" ? (element.querySelector(".timeline-new") ?? rowAt(element, seq)) : rowAt(element, seq);
    if (!row) return true;
    const { top, height } = row.getBoundingClientRect();
    const part = align === "upper" ? element.clientHeight / 5 : Math.max(0, (element.clientHeight - height) / 2);
    element.scrollTop += top - element.getBoundingClientRect().top - part;
    place.moved();
    if (!isLive) place.stick(false); // What comes with the line leads nobody away from what they came to see.
    return true;
  }

  /** @param {number} seq @param {Goal["align"]} align */
  function head(seq, align) {
    const { first, last } = it.window;
    if (seq < first || seq > last) it.window = timeline.around(seq, it.newest);
    it.goal = { seq, align };
    place.stick(!isThere(it.goal));
    draw(0);
  }

  /** @param {number} seq @param {number} [from] */
  function goTo(seq, from) {
    it.back = from ?? null;
    it.marked = seq;
    head(seq, "center");
  }

  function goToEnd() {
    it.goal = it.back = null;
    it.window = timeline.atEnd(it.newest);
    place.stick(true);
    draw(0);
  }

  function onScroll() {
    place.note();
    if (it.window.last < it.newest) place.stick(false); // It is the end of what is drawn, not of the room.
    look();
  }

  /** Draw again where more is to be drawn, or what is told about the place has changed. */
  function look() {
    const element = scroller.current;
    if (!element || it.goal) return;
    const isSeen = isShown(element);
    const window = isSeen ? extended(element) : it.window;
    const isAtEnd = isSeen && place.isAtEnd() && window.last >= it.newest;
    const top = place.topSeq();
    const isNewAbove = it.newAfter !== undefined && top !== null && top > it.newAfter + 1;
    if (isAtEnd) it.back = null;
    if (window === it.window && isAtEnd === it.isAtEnd && isNewAbove === it.isNewAbove) return;
    Object.assign(it, { window, isAtEnd, isNewAbove });
    draw(0);
  }

  /** @param {HTMLElement} element */
  function extended(element) {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const { window } = it;
    const missing = timeline.missingRanges(window, it.room.loadedRanges);
    const isLoadingAbove = missing[0]?.first === window.first;
    const isLoadingBelow = missing.at(-1)?.last === window.last;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (scrollTop < NEAR && window.first > 1 && !isLoadingAbove) return timeline.older(window, inSight(element, NEAR, window));
    if (isNearEnd && window.last < it.newest && !isLoadingBelow) return timeline.newer(window, it.newest, inSight(element, NEAR, window));
    return window;
  }

  return {
    window: it.window,
    isAtEnd: it.isAtEnd,
    isNewAbove: it.isNewAbove,
    marked: it.marked,
    back: it.back,
    goTo,
    goToNew: () => it.newAfter !== undefined && head(it.newAfter + 1, "upper"),
    goToEnd,
    onScroll,
    onTouched: () => {
      it.goal = null;
    },
  };
}

/**
 * Where a room is opened: at a message, at what is new, or at the end.
 * @param {Room} room
 * @param {number | undefined} seq
 * @param {number | undefined} newAfter
 */
function begin(room, seq, newAfter) {
  const newest = room.info.seq;
  const to = seq ?? (newAfter === undefined ? undefined : newAfter + 1);
  return {
    room,
    newest,
    newAfter,
    window: to === undefined ? timeline.atEnd(newest) : timeline.around(to, newest),
    /** @type {Goal | null} */
    goal: to === undefined ? null : { seq: to, align: seq === undefined ? "upper" : "center" },
    address: seq,
    marked: /** @type {number | null} */ (seq ?? null),
    back: /** @type {number | null} */ (null),
    isAtEnd: to === undefined,
    isNewAbove: false,
  };
}

/** A place that is there: an address may name any. @param {number} seq @param {number} newest */
function within(seq, newest) {
  return Math.min(Math.max(seq, 1), Math.max(newest, 1));
}
