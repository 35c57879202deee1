// A finger that rests on something asks what can be done with it.

import { useEffect, useRef } from "../vendor/preact.js";

/** A finger rests after so long, in ms, and where it has moved less than this, in pixels. */
const LONG = 450;
const STILL = 10;

/** @param {(at: DOMRect) => void} act where the finger is */
export function useLongPress(act) {
  const it = useRef({ timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined), x: 0, y: 0 }).current;
  const stop = () => clearTimeout(it.timer);
  useEffect(() => stop, []);
  return {
    onPointerDown: (/** @type {PointerEvent} */ { pointerType, clientX, clientY }) => {
      stop();
      if (pointerType !== "touch") return;
      Object.assign(it, { x: clientX, y: clientY });
      it.timer = setTimeout(() => act(new DOMRect(clientX, clientY, 0, 0)), LONG);
    },
    onPointerMove: (/** @type {PointerEvent} */ { clientX, clientY }) => {
      if (Math.hypot(clientX - it.x, clientY - it.y) > STILL) stop();
    },
    onPointerUp: stop,
    onPointerCancel: stop,
    onContextMenu: (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "touch") event.preventDefault();
    },
  };
}
