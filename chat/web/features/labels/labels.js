// Labels in the inbox: read while it is shown, on each conversation, and as a filter.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { useOwnReading } from "../../view/shared/own_reading.js";
import { afterReading, labelsOf } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").Label} Label */
/** @typedef {import("./changes.js").Known} Known */

const LabelsDialog = lazy(() => import("./dialog.js"), "LabelsDialog");

/** @param {State} state @returns {Known | undefined} */
export function labelsIn({ own }) {
  return /** @type {Known | undefined} */ (own.labels);
}

/** Read the labels with each connection, and after a change of them. */
export function useLabels() {
  useOwnReading("labels", labelsIn, readLabels);
}

/** @param {Chat} chat */
async function readLabels(chat) {
  const [{ labels }, { rooms }] = /** @type {[import("../../protocol").Labels, import("../../protocol").Labelled]} */ (
    await Promise.all([chat.call("GET", "/support/labels"), chat.call("GET", "/support/labelled")])
  );
  return () => chat.setOwn("labels", afterReading(labelsIn(chat.get()), labels, rooms));
}

/** @param {{ label: Label }} props */
export function LabelChip({ label: { name, colour } }) {
  return html`<span class=${`desk-label is-${colour}`}><bdi>${name}</bdi></span>`;
}

/** The labels of a conversation in the list. @param {{ room: number }} props */
export function RowLabels({ room }) {
  const known = useSelected(labelsIn);
  return labelsOf(known, room).map((label) => html`<${LabelChip} key=${label.id} label=${label} />`);
}

/** The labels of the conversation that is open, and the button that changes them. @param {{ room: number }} props */
export function ConversationLabels({ room }) {
  const known = useSelected(labelsIn);
  const [isOpen, setOpen] = useState(false);
  if (!known?.labels) return null;
  const labels = labelsOf(known, room);
  const action = t(labels.length === 0 ? "labels.add_some" : "labels.change");
  return html`<div class="conversation-labels">
    ${labels.map((label) => html`<${LabelChip} key=${label.id} label=${label} />`)}
    <button type="button" class="label-button" aria-haspopup="dialog" aria-label=${action} title=${action} onClick=${() => setOpen(true)}>
      ${icon(TAG, { size: 14 })}${labels.length === 0 && html`<span>${action}</span>`}
    </button>
    ${isOpen && html`<${LabelsDialog} room=${room} onClose=${() => setOpen(false)} />`}
  </div>`;
}

/** The icon's paths. */
const TAG = ["M4 4h8l8.5 8.5-7.5 7.5L4 12z", "M8 8h.01"];

/** @param {{ label: number, onChoose: (label: number) => void }} props 0: all */
export function LabelFilter({ label, onChoose }) {
  const labels = useSelected((state) => labelsIn(state)?.labels);
  if (!labels?.length) return null;
  const isThere = labels.some(({ id }) => id === label);
  return html`<select class="label-filter" aria-label=${t("labels.filter")} value=${isThere ? label : 0}
    onChange=${(/** @type {any} */ event) => onChoose(Number(event.target.value))}>
    <option value="0">${t("labels.any")}</option>
    ${labels.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
  </select>`;
}
