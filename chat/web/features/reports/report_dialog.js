// The dialog that reports a message: a reason, and words for the moderators.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { REASONS } from "./reasons.js";

/** @param {import("../feature").MessageDialogProps} props */
export function ReportDialog({ message, onClose }) {
  const [isDone, setDone] = useState(false);
  return html`<${Dialog} title=${t(isDone ? "reports.thanks" : "reports.report_title")} onClose=${onClose}>
    ${isDone ? html`<${Thanks} onClose=${onClose} />` : html`<${Form} message=${message} onClose=${onClose} onDone=${() => setDone(true)} />`}
  <//>`;
}

/** @param {{ message: import("../../model/types").Message, onClose: () => void, onDone: () => void }} props */
function Form({ message: { room, seq }, onClose, onDone }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [reason, setReason] = useState("");
  const [comment, setComment] = useState("");
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const fields = { reason, ...(comment.trim() && { comment: comment.trim() }) };
    if (await act(() => chat.call("POST", `/rooms/${room}/messages/${seq}/report`, fields))) onDone();
  };
  return html`<form class="form" onSubmit=${send}>
    <fieldset class="report-reasons">
      <legend>${t("reports.why")}</legend>
      ${REASONS.map(
        (one, i) => html`<label class="check" key=${one}>
          <input type="radio" name="reason" value=${one} checked=${reason === one} data-first=${i === 0 || undefined} onChange=${() => setReason(one)} />
          <span>${t(`reports.reason_${one}`)}</span>
        </label>`,
      )}
    </fieldset>
    <${Field} label=${t("reports.comment")} rows="3" maxlength="500" value=${comment} onInput=${setComment} />
    <p class="notice">${icon("eye", { size: 18 })} <span>${t("reports.who_sees")}</span></p>
    <${FormError} text=${error} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
      <${Submit} label=${t("reports.send")} isBusy=${isBusy} disabled=${!reason} />
    </div>
  </form>`;
}

/** @param {{ onClose: () => void }} props */
function Thanks({ onClose }) {
  const close = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => close.current?.focus(), []);
  return html`<p role="status">${t("reports.thanks_text")}</p>
    <div class="dialog-actions">
      <button type="button" class="button primary" ref=${close} onClick=${onClose}>${t("common.close")}</button>
    </div>`;
}
