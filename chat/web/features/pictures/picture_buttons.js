// Choosing a picture, or dropping one, and removing it: for oneself, a room or the server.

import { html, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { FormError } from "../../view/controls/fields.js";
import { lazy } from "../../view/shared/lazy.js";

const PictureDialog = lazy(() => import("./picture_dialog.js"), "PictureDialog");

const ACCEPTED = "image/png,image/jpeg,image/webp,image/gif,image/avif";

/**
 * A picture with its buttons. An image may also be dropped on it.
 * @param {{ path: string, has: boolean, onChanged?: () => void, children?: unknown, hint?: string }} props `path` is the call's;
 *   `children` is the picture; `onChanged` is called after a change
 */
export function PictureButtons({ path, has, onChanged = () => {}, children, hint }) {
  const chat = useChat();
  const isOffered = useSelected((state) => state.server.features.includes("pictures"));
  const { act, isBusy, error } = useAction();
  const [image, setImage] = useState(/** @type {ImageBitmap | null} */ (null));
  const [isUnreadable, setUnreadable] = useState(false);
  const [isOver, setOver] = useState(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const choose = async (/** @type {Blob | undefined} */ file) => {
    if (!file) return;
    const { readImage } = await import("./encode.js");
    const read = await readImage(file);
    setUnreadable(!read);
    setImage(read);
  };
  const remove = async () => {
    if (!(await act(() => chat.call("DELETE", path)))) return;
    announce(t("pictures.removed"));
    onChanged();
  };
  const close = (/** @type {boolean} */ isDone) => {
    setImage(null);
    if (!isDone) return;
    announce(t("pictures.saved"));
    onChanged();
  };
  if (!isOffered) return html`<div class="picture-buttons">${children}</div>`;
  const drop = {
    onDragOver: (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(false);
      void choose(event.dataTransfer?.files[0]);
    },
  };
  return html`<div class=${`picture-buttons ${isOver ? "is-over" : ""}`} ...${drop}>
    ${children}
    <div>
      <div class="actions">
        <button type="button" class="button small" disabled=${isBusy} onClick=${() => input.current?.click()}>${t(has ? "pictures.change" : "pictures.add")}</button>
        ${has && html`<button type="button" class="button small quiet" disabled=${isBusy} onClick=${remove}>${t("pictures.remove")}</button>`}
      </div>
      ${hint && html`<p class="field-hint">${hint}</p>`}
      <${FormError} text=${isUnreadable ? t("pictures.unreadable") : error} />
    </div>
    <input ref=${input} type="file" accept=${ACCEPTED} hidden aria-label=${t("pictures.add")}
      onChange=${(/** @type {any} */ event) => { void choose(event.target.files[0]); event.target.value = ""; }} />
    ${image && html`<${PictureDialog} image=${image} path=${path} onClose=${close} />`}
  </div>`;
}
