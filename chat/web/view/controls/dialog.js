// Dialogs, built on <dialog>: the focus stays inside, Escape closes it, and the focus returns afterwards.

import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "./icon.js";

/** @typedef {import("../../vendor/preact").ComponentChildren} Children */

/**
 * A dialog, open while it is rendered. `onClose` is called on Escape, its button or a click outside it.
 * @param {{ title: Children, onClose: () => void, children?: Children, class?: string }} props
 */
export function Dialog({ title, onClose, children, class: extra = "" }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    const first = dialog.current?.querySelector("[data-first]"); // otherwise the browser focuses the first element that can be
    if (first instanceof HTMLElement) first.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    onClose();
  };
  const outside = (/** @type {MouseEvent} */ event) => {
    const box = dialog.current;
    if (box && event.target === box && isOutside(box, event)) onClose();
  };
  return html`<dialog ref=${dialog} class=${extra} aria-labelledby=${heading} onCancel=${cancel} onMouseDown=${outside}>
    <header class="dialog-head">
      <h2 id=${heading}>${title}</h2>
      <button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${onClose}>${icon("close")}</button>
    </header>
    ${children}
  </dialog>`;
}

/**
 * @param {HTMLElement} element
 * @param {MouseEvent} event
 */
function isOutside(element, event) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
}

/** @typedef {{ title: string, text?: string, action: string, danger?: boolean }} Question */
/** @typedef {Question & { answer: (yes: boolean) => void }} Asked */

/** @type {((asked: Asked | null) => void) | null} */
let ask = null;

/**
 * Ask for confirmation; resolves to the answer.
 * @param {Question} question
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
  return new Promise((resolve) => {
    if (!ask) return resolve(false);
    ask({
      ...question,
      answer: (yes) => {
        ask?.(null);
        resolve(yes);
      },
    });
  });
}

/** Renders the dialogs of `confirm`; once on the page. */
export function Confirmations() {
  const [asked, setAsked] = useState(/** @type {Asked | null} */ (null));
  useEffect(() => {
    ask = setAsked;
    return () => {
      ask = null;
    };
  }, []);
  if (!asked) return null;
  const { title, text, action, danger, answer } = asked;
  return html`<${Dialog} title=${title} class="confirmation" onClose=${() => answer(false)}>
    ${text && html`<p>${text}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => answer(false)}>${t("common.cancel")}</button>
      <button type="button" class=${`button ${danger ? "danger" : "primary"}`} onClick=${() => answer(true)}>${action}</button>
    </div>
  <//>`;
}
