// Detects a long press of a finger.

import { useEffect, useRef, useState } from "../../vendor/preact.js";

/** A press is long after this many ms, while the finger moves less than this many pixels. */
const LONG = 450;
const STILL = 10;

/**
 * Acts when the finger lifts, because the browser would close a popover that opens under press. No link under it is followed.
 * @param {(at: DOMRect) => void} act receives the finger's place
 * @returns {[boolean, Record<string, (event: PointerEvent) => void>]} whether the press is long, and the event handlers
 */
export function useLongPress(act) {
  const press = useRef({ timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined), x: 0, y: 0, isOver: false }).current;
  const [isHeld, setHeld] = useState(false);
  const stop = () => {
    clearTimeout(press.timer);
    setHeld(false);
  };
  useEffect(() => () => clearTimeout(press.timer), []);
  return [
    isHeld,
    {
      onPointerDown: ({ pointerType, clientX, clientY }) => {
        stop();
        Object.assign(press, { x: clientX, y: clientY });
        if (pointerType !== "touch") return;
        press.timer = setTimeout(() => setHeld(true), LONG);
      },
      onPointerMove: ({ clientX, clientY }) => {
        if (Math.hypot(clientX - press.x, clientY - press.y) > STILL) stop();
      },
      onPointerUp: () => {
        stop();
        press.isOver = isHeld;
        if (!isHeld) return;
        setTimeout(() => {
          press.isOver = false;
          act(new DOMRect(press.x, press.y, 0, 0));
        });
      },
      onClickCapture: (event) => {
        if (!press.isOver) return;
        event.preventDefault();
        event.stopPropagation();
      },
      onPointerCancel: stop,
      onContextMenu: (event) => {
        if (event.pointerType === "touch") event.preventDefault();
      },
    },
  ];
}
