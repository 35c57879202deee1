// The window of rendered messages: it moves as the reader scrolls or jumps.

import { useEffect, useLayoutEffect, useReducer, useRef } from "../../vendor/preact.js";
import * as timeline from "../../model/timeline.js";
import { useSelected } from "../shared/context.js";
import { inSight, isShown, rowAt } from "./scroll_anchor.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/timeline.js").Window} Window */
/** @typedef {{ seq: number, align: "center" | "upper" }} Goal a message to scroll to once it is rendered */

/**
 * @typedef {object} At
 * @property {Window} window
 * @property {boolean} isAtEnd the end of the room is in sight
 * @property {boolean} isNewAbove new messages initialState above the visible ones
 * @property {number | null} marked the message to highlight after a jump
 * @property {number | null} back the message whose quote was followed
 * @property {(seq: number, from?: number) => void} goTo
 * @property {() => void} goToNew
 * @property {() => void} goToEnd
 * @property {() => void} onScroll
 * @property {() => void} onTouched
 */

/** Nearer to an edge of the window than this, in pixels, the window is extended. */
const NEAR = 800;

/**
 * @param {Room} room
 * @param {{ seq?: number, newAfter?: number }} where `seq`: the message in the address; `newAfter`: messages after it are new
 * @param {import("./scroll_anchor.js").ScrollAnchor} anchor
 * @param {{ current: HTMLElement | null }} scroller
 * @returns {At}
 */
export function useWindow(room, { seq, newAfter }, anchor, scroller) {
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const kept = useRef(/** @type {ReturnType<typeof initialState> | null} */ (null));
  kept.current ??= initialState(room, seq, newAfter);
  const state = kept.current;
  const newest = room.info.seq;
  const oldest = room.info.first ?? 1;
  const isLive = useSelected((all) => all.connection.state === "live");

  anchor.record();
  state.window = timeline.afterRoomChange(state.window, { before: state.newest, newest, oldest, isAtEnd: anchor.isAtEnd() && !state.goal });
  state.newest = newest;
  Object.assign(state, { room, newAfter });
  if (state.goal && isReachable(state.goal) && state.window.last < state.goal.seq) state.window = timeline.around(state.goal.seq, newest, oldest);
  if (state.window.last < newest) anchor.followEnd(false);

  useLayoutEffect(arrange);
  const arranging = useRef(arrange);
  arranging.current = arrange;
  useLayoutEffect(() => {
    if (!scroller.current) return undefined;
    const observer = new ResizeObserver(() => arranging.current());
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  // The newest known message, reached offline, is the end once it is known that there is nothing newer.
  useLayoutEffect(() => {
    if (!isLive || state.goal || state.window.last < newest) return;
    anchor.reset();
    update();
  }, [isLive]);
  useEffect(() => {
    if (seq !== undefined && seq !== state.address) goTo(seq);
    state.address = seq;
  }, [seq]);

  /** Scroll to the goal, or stay in place, and render the visible rows. */
  function arrange() {
    if (!state.goal || !isReachable(state.goal)) anchor.restore();
    else if (scrollToGoal(state.goal)) state.goal = null;
    update();
  }

  /** Whether the goal can be reached: offline, messages newer than the known ones cannot. @param {Goal} goal */
  function isReachable({ seq }) {
    return isLive || seq <= newest;
  }

  /** @param {Goal} goal */
  function scrollToGoal({ seq: wanted, align }) {
    const element = scroller.current;
    if (state.newest === 0) return true;
    const seq = clamped(wanted, oldest, state.newest);
    if (!element || !isShown(element) || timeline.missingRanges({ first: seq, last: seq }, state.room.loadedRanges).length) return false;
    const row = align === "upper" ? (element.querySelector(".timeline-new") ?? rowAt(element, seq)) : rowAt(element, seq);
    if (!row) return true;
    const { top, height } = row.getBoundingClientRect();
    const part = align === "upper" ? element.clientHeight / 5 : Math.max(0, (element.clientHeight - height) / 2);
    element.scrollTop += top - element.getBoundingClientRect().top - part;
    anchor.reset();
    if (!isLive) anchor.followEnd(false); // messages of the first sync do not move the reader away from the goal
    return true;
  }

  /** @param {number} seq @param {Goal["align"]} align */
  function setGoal(seq, align) {
    const { first, last } = state.window;
    if (seq < first || seq > last) state.window = timeline.around(seq, state.newest, oldest);
    state.goal = { seq, align };
    anchor.followEnd(!isReachable(state.goal));
    draw(0);
  }

  /** @param {number} seq @param {number} [from] */
  function goTo(seq, from) {
    state.back = from ?? null;
    state.marked = seq;
    setGoal(seq, "center");
  }

  function goToEnd() {
    anchor.record(); // of what was scrolled before, so that it counts no more
    state.goal = state.back = null;
    state.window = timeline.atEnd(state.newest, oldest);
    anchor.followEnd(true);
    draw(0);
  }

  function onScroll() {
    anchor.record();
    if (state.window.last < state.newest) anchor.followEnd(false); // the end of the window, not of the room
    update();
  }

  /** Render again if the window must be extended, or if the loaded messages around it have changed. */
  function update() {
    const element = scroller.current;
    if (!element || state.goal) return;
    const isSeen = isShown(element);
    const window = isSeen ? extended(element) : state.window;
    const isAtEnd = isSeen && anchor.isAtEnd() && window.last >= state.newest;
    const top = anchor.topSeq();
    const isNewAbove = state.newAfter !== undefined && top !== null && top > state.newAfter + 1;
    if (isAtEnd) state.back = null;
    if (window === state.window && isAtEnd === state.isAtEnd && isNewAbove === state.isNewAbove) return;
    Object.assign(state, { window, isAtEnd, isNewAbove });
    draw(0);
  }

  /** @param {HTMLElement} element */
  function extended(element) {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const { window } = state;
    const missing = timeline.missingRanges(window, state.room.loadedRanges);
    const isLoadingAbove = missing[0]?.first === window.first;
    const isLoadingBelow = missing.at(-1)?.last === window.last;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (scrollTop < NEAR && window.first > oldest && !isLoadingAbove) return timeline.older(window, inSight(element, NEAR, window), oldest);
    if (isNearEnd && window.last < state.newest && !isLoadingBelow) return timeline.newer(window, state.newest, inSight(element, NEAR, window));
    return window;
  }

  return {
    window: state.window,
    isAtEnd: state.isAtEnd,
    isNewAbove: state.isNewAbove,
    marked: state.marked,
    back: state.back,
    goTo,
    goToNew: () => state.newAfter !== undefined && setGoal(state.newAfter + 1, "upper"),
    goToEnd,
    onScroll,
    onTouched: () => {
      state.goal = null;
    },
  };
}

/**
 * The state when a room is opened: at a message, at new messages, or at the end.
 * @param {Room} room
 * @param {number | undefined} seq
 * @param {number | undefined} newAfter
 */
function initialState(room, seq, newAfter) {
  const newest = room.info.seq;
  const oldest = room.info.first ?? 1;
  const to = seq ?? (newAfter === undefined ? undefined : newAfter + 1);
  return {
    room,
    newest,
    newAfter,
    window: to === undefined ? timeline.atEnd(newest, oldest) : timeline.around(to, newest, oldest),
    /** @type {Goal | null} */
    goal: to === undefined ? null : { seq: to, align: seq === undefined ? "upper" : "center" },
    address: seq,
    marked: /** @type {number | null} */ (seq ?? null),
    back: /** @type {number | null} */ (null),
    isAtEnd: to === undefined,
    isNewAbove: false,
  };
}

/** Clamp a seq from an address to the messages that exist. @param {number} seq @param {number} oldest @param {number} newest */
function clamped(seq, oldest, newest) {
  return Math.min(Math.max(seq, oldest), Math.max(newest, oldest));
}
