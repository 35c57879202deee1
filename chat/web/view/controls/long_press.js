// Detects a long press of a finger.

import { useEffect, useRef, useState } from "../../vendor/preact.js";

/** A press is long after this many ms, while the finger moves less than this many pixels. */
const LONG = 450;
const STILL = 10;

/**
 * Acts when the finger lifts, because the browser would close a popover that opens under press. No link under it is followed.
 * @param {(at: DOMRect) => void} act receives the finger's place
 * @returns {[boolean, Record<string, (event: any) => void>]} whether the press is long, and the event handlers
 */
export function useLongPress(act) {
  const press = useRef({ timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined), x: 0, y: 0, since: Infinity, isLong: false }).current;
  const [isHeld, setHeld] = useState(false);
  const stop = () => {
    clearTimeout(press.timer);
    press.since = Infinity;
    setHeld(false);
  };
  useEffect(() => () => clearTimeout(press.timer), []);
  return [
    isHeld,
    {
      onPointerDown: (/** @type {PointerEvent} */ { pointerType, clientX, clientY, timeStamp }) => {
        stop();
        press.isLong = false;
        if (pointerType !== "touch") return;
        Object.assign(press, { x: clientX, y: clientY, since: timeStamp });
        press.timer = setTimeout(() => setHeld(true), LONG);
      },
      onPointerMove: (/** @type {PointerEvent} */ { clientX, clientY }) => {
        if (Math.hypot(clientX - press.x, clientY - press.y) > STILL) stop();
      },
      onPointerUp: (/** @type {PointerEvent} */ { timeStamp }) => {
        press.isLong = timeStamp - press.since >= LONG; // by the time of the touch, also where the page was busy
        stop();
        if (press.isLong) setTimeout(() => act(new DOMRect(press.x, press.y, 0, 0)));
      },
      onTouchEnd: (/** @type {TouchEvent} */ event) => {
        if (press.isLong) event.preventDefault(); // the browser sends no click, which may come at any time after this
      },
      onPointerCancel: stop,
      onContextMenu: (/** @type {PointerEvent} */ event) => {
        if (event.pointerType === "touch") event.preventDefault();
      },
    },
  ];
}
