// A finger that rests on something asks what can be done with it.

import { useEffect, useRef, useState } from "../../vendor/preact.js";

/** A finger rests after so long, in ms, and where it has moved less than this, in pixels. */
const LONG = 450;
const STILL = 10;

/**
 * What opens, opens when the finger lifts: the browser closes what opened under it. No link under it is followed.
 * @param {(at: DOMRect) => void} act where the finger was
 * @returns {[boolean, Record<string, (event: PointerEvent) => void>]} whether the finger rests there, and what listens to it
 */
export function useLongPress(act) {
  const it = useRef({ timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined), x: 0, y: 0, isOver: false }).current;
  const [isHeld, setHeld] = useState(false);
  const stop = () => {
    clearTimeout(it.timer);
    setHeld(false);
  };
  useEffect(() => () => clearTimeout(it.timer), []);
  return [
    isHeld,
    {
      onPointerDown: ({ pointerType, clientX, clientY }) => {
        stop();
        Object.assign(it, { x: clientX, y: clientY });
        if (pointerType !== "touch") return;
        it.timer = setTimeout(() => setHeld(true), LONG);
      },
      onPointerMove: ({ clientX, clientY }) => {
        if (Math.hypot(clientX - it.x, clientY - it.y) > STILL) stop();
      },
      onPointerUp: () => {
        stop();
        it.isOver = isHeld;
        if (!isHeld) return;
        setTimeout(() => {
          it.isOver = false;
          act(new DOMRect(it.x, it.y, 0, 0));
        });
      },
      onClickCapture: (event) => {
        if (!it.isOver) return;
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
