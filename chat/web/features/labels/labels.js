// Labels in the inbox: read while it is shown, on each conversation, and as a filter.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { afterReading, labelsOf } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").Label} Label */
/** @typedef {import("./changes.js").Known} Known */

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 10_000;

/** How often they are read again because one changed meanwhile. */
const MOST_TRIES = 5;

const LabelsDialog = lazy(() => import("./dialog.js"), "LabelsDialog");

/** @param {State} state @returns {Known | undefined} */
export function labelsIn({ own }) {
  return /** @type {Known | undefined} */ (own.labels);
}

/** Older servers have no labels. @param {State} state */
function isReadable({ connection, server }) {
  return connection.state === "live" && server.features.includes("labels");
}

/** Read the labels with each connection, and after a change of them. */
export function useLabels() {
  const chat = useChat();
  const isLive = useSelected(isReadable);
  const changes = useSelected((state) => labelsIn(state)?.changes ?? 0);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isLive) return undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    readLabels(chat).catch((/** @type {import("../../model/types").ChatError} */ { code, retryMs = RETRY_AFTER }) => {
      if (!isOver && code !== "forbidden") timer = setTimeout(() => setTries(tries + 1), retryMs);
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isLive, changes, tries]);
}

/** @param {Chat} chat */
async function readLabels(chat) {
  const events = () => labelsIn(chat.get())?.events ?? 0;
  for (let tries = 1; ; tries++) {
    const before = events();
    const [{ labels }, { rooms }] = /** @type {[import("../../protocol").Labels, import("../../protocol").Labelled]} */ (
      await Promise.all([chat.call("GET", "/support/labels"), chat.call("GET", "/support/labelled")])
    );
    if (events() !== before && tries < MOST_TRIES) continue; // it may lack what has changed
    return chat.setOwn("labels", afterReading(labelsIn(chat.get()), labels, rooms));
  }
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
