// The attachments above the composer's field, with upload progress and errors; and the ways to attach files.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { fileSize } from "./file_kinds.js";
import { FileName } from "./file_name.js";
import { icon } from "../controls/icon.js";

/** @typedef {ReturnType<typeof import("./attachments.js").useAttachments>} Attachments */
/** @typedef {import("./attachments.js").Attachment} Attachment */

/** @param {{ attachments: Attachments }} props */
export function AttachmentTray({ attachments }) {
  const { all, note } = attachments;
  if (!all.length) return null;
  return html`<ul class="attachments" aria-label=${t("files.attached")}>
      ${all.map((each) => html`<${Attached} key=${each.id} attachment=${each} attachments=${attachments} />`)}
    </ul>
    ${note && html`<p class="attachments-note" role="alert">${note}</p>`}`;
}

/** @param {{ attachment: Attachment, attachments: Attachments }} props */
function Attached({ attachment, attachments }) {
  const { file, preview, state, sent, problem } = attachment;
  const isBad = state === "failed" || state === "offline";
  return html`<li class=${isBad ? "attachment is-bad" : "attachment"}>
    ${preview ? html`<img class="attachment-picture" src=${preview} alt="" />` : html`<span class="attachment-picture">${icon("file")}</span>`}
    <span class="attachment-text">
      <${FileName} name=${file.name} class="attachment-name" />
      ${
        isBad
          ? html`<span class="attachment-problem" role="alert">${problem}</span>`
          : html`<span class="attachment-size">${fileSize(file.size)}</span>`
      }
    </span>
    ${
      state === "uploading" &&
      html`<progress max=${Math.max(file.size, 1)} value=${sent} aria-label=${t("files.uploading", { name: file.name })}></progress>`
    }
    ${
      isBad &&
      attachment.isRetried &&
      html`<button type="button" class="icon-button" aria-label=${t("files.retry", { name: file.name })} title=${t("common.retry")}
        onClick=${() => attachments.retry(attachment)}>${icon("reload", { size: 16 })}</button>`
    }
    <button type="button" class="icon-button" title=${t("files.remove", { name: file.name })}
      onClick=${() => attachments.remove(attachment)}>${icon("close", { size: 16 })}</button>
  </li>`;
}

/** The button that chooses files. @param {{ attachments: Attachments }} props */
export function AttachButton({ attachments }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  if (!attachments.isOn) return null;
  return html`<input ref=${input} type="file" multiple hidden tabindex="-1" aria-label=${t("files.attach")}
      onChange=${(/** @type {any} */ event) => {
        attachments.add([...event.target.files]);
        event.target.value = "";
      }} />
    <button type="button" class="icon-button" title=${t("files.attach")}
      onClick=${() => input.current?.click()}>${icon("attach")}</button>`;
}

/**
 * The files of a paste. Office programs copy text together with a picture of it, which counts as text. Browsers copy a
 * picture together with HTML that contains only the picture.
 * @param {ClipboardEvent} event
 */
export function pastedFiles({ clipboardData }) {
  const files = [...(clipboardData?.files ?? [])];
  const dataOf = (/** @type {string} */ type) => clipboardData?.getData(type) ?? "";
  const isText = dataOf("text/rtf") || hasWords(dataOf("text/html"));
  return isText ? [] : files;
}

/** Whether HTML contains words. It is never parsed into elements. What is not closed ends the page, as in a browser. @param {string} page */
function hasWords(page) {
  return page.replace(/<!--.*?(?:-->|$)|<(style|script|title)\b.*?(?:<\/\1\s*>|$)|<(?:"[^"]*"|'[^']*'|[^<>"'])*>|&nbsp;/gis, "").trim() !== "";
}

/**
 * Accepts files dropped on the room. A file dropped elsewhere on the page is ignored; the browser would navigate to it.
 * @param {{ attachments: Attachments, field: { current: HTMLElement | null } }} props
 */
export function DropPlace({ attachments, field }) {
  const [place, setPlace] = useState(/** @type {DOMRect | null} */ (null));
  const add = useRef(attachments.add);
  add.current = attachments.add;
  const { isOn } = attachments;
  useEffect(() => {
    const room = field.current?.closest("main") ?? null;
    const over = (/** @type {DragEvent} */ event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      const isHere = isOn && event.target instanceof Node && room?.contains(event.target);
      event.dataTransfer.dropEffect = isHere ? "copy" : "none";
      setPlace(isHere && room ? (before) => before ?? room.getBoundingClientRect() : null);
    };
    const drop = (/** @type {DragEvent} */ event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setPlace(null);
      if (isOn && event.target instanceof Node && room?.contains(event.target)) add.current([...event.dataTransfer.files]);
    };
    const leave = (/** @type {DragEvent} */ event) => event.relatedTarget === null && setPlace(null);
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    addEventListener("dragleave", leave);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
      removeEventListener("dragleave", leave);
    };
  }, [isOn]);
  if (!place) return null;
  const { left, top, width, height } = place;
  return html`<div class="drop-place" style=${{ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }}>
    <p>${icon("attach", { size: 24 })} ${t("files.drop")}</p>
  </div>`;
}
