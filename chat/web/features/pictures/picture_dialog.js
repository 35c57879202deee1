// The dialog that crops an image: it is dragged and zoomed by pointer, wheel, slider and keys.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { Dialog } from "../../view/controls/dialog.js";
import { FormError, Submit } from "../../view/controls/fields.js";
import { MOST_ZOOM, moved, startCrop, zoomed } from "./crop.js";
import { SIDE, draw, encode } from "./encode.js";

/** Pixels of the canvas for one of the picture. */
const DENSITY = 2;

/** What a key moves: a part of the square; with Shift more. */
const STEP = 0.02;
const BIG_STEP = 0.1;
const ZOOM_STEP = 1.1;

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {{ image: ImageBitmap, path: string, onClose: (isDone: boolean) => void }} props */
export function PictureDialog({ image, path, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [isTooBig, setTooBig] = useState(false);
  const [crop, setCrop] = useState(() => startCrop(image.width, image.height));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => {
    if (canvas.current) draw(canvas.current, image, crop);
  }, [image, crop]);
  useEffect(() => () => image.close(), [image]);
  const pointers = usePointers(canvas, setCrop);
  const zoom = (/** @type {number} */ factor) => setCrop((now) => zoomed(now, now.zoom * factor));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? BIG_STEP : STEP;
      setCrop((now) => moved(now, arrow[0] * step, arrow[1] * step));
    } else if (event.key === "+" || event.key === "=") zoom(ZOOM_STEP);
    else if (event.key === "-") zoom(1 / ZOOM_STEP);
    else return;
    event.preventDefault();
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const picture = await encode(image, crop);
    setTooBig(!picture);
    if (picture && (await act(() => chat.call("PUT", path, picture)))) onClose(true);
  };
  return html`<${Dialog} title=${t("pictures.crop")} class="picture-dialog" onClose=${() => onClose(false)}>
    <form class="form" onSubmit=${save}>
      <div class="crop">
        <canvas class="crop-canvas" ref=${canvas} width=${SIDE * DENSITY} height=${SIDE * DENSITY} tabindex="0" data-first role="img"
          aria-label=${t("pictures.crop_label")} aria-describedby="crop-hint" onKeyDown=${onKeyDown} ...${pointers}
          onWheel=${(/** @type {WheelEvent} */ event) => { event.preventDefault(); zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP); }}></canvas>
        <div class="crop-shape" aria-hidden="true"></div>
      </div>
      <p class="field-hint" id="crop-hint">${t("pictures.crop_hint")}</p>
      <label class="crop-zoom"><span class="label">${t("pictures.zoom")}</span>
        <input type="range" min="1" max=${MOST_ZOOM} step="0.05" value=${crop.zoom} onInput=${(/** @type {any} */ event) => setCrop((now) => zoomed(now, Number(event.target.value)))} />
      </label>
      <${FormError} text=${isTooBig ? t("refusal.picture_too_big") : error} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${() => onClose(false)}>${t("common.cancel")}</button>
        <${Submit} label=${t("pictures.save")} isBusy=${isBusy} />
      </div>
    </form>
  <//>`;
}

/**
 * Drag with one pointer, zoom with two.
 * @param {{ current: HTMLCanvasElement | null }} canvas
 * @param {(change: (crop: import("./crop.js").Crop) => import("./crop.js").Crop) => void} setCrop
 */
function usePointers(canvas, setCrop) {
  const down = useRef(/** @type {Map<number, { x: number, y: number }>} */ (new Map()));
  const distance = () => {
    const [one, other] = [...down.current.values()];
    return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  const onPointerDown = (/** @type {PointerEvent} */ event) => {
    canvas.current?.setPointerCapture(event.pointerId);
    down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };
  const onPointerMove = (/** @type {PointerEvent} */ event) => {
    const before = down.current.get(event.pointerId);
    const side = canvas.current?.clientWidth;
    if (!before || !side) return;
    const apart = distance();
    down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const [across, along] = [(event.clientX - before.x) / side, (event.clientY - before.y) / side];
    const share = down.current.size; // each of two fingers moves it by half
    const nearer = apart ? distance() / apart : 1;
    setCrop((now) => zoomed(moved(now, across / share, along / share), now.zoom * nearer));
  };
  const onPointerUp = (/** @type {PointerEvent} */ event) => void down.current.delete(event.pointerId);
  return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp };
}
