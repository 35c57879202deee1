// Deletes what a person said in the last hours, in all rooms that this moderator moderates.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../model/types").Person} Person */

const HOURS = /** @type {const} */ ([1, 24]);

/** The button, and the dialog that it opens. @param {{ person: Person }} props */
export function CleanUp({ person }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <button type="button" class="button quiet danger" onClick=${() => setOpen(true)}>${icon("trash")} ${t("clean_up.open")}</button>
    ${isOpen && html`<${CleanUpDialog} person=${person} onClose=${() => setOpen(false)} />`}
  `;
}

/** @param {{ person: Person, onClose: () => void }} props */
function CleanUpDialog({ person, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [hours, setHours] = useState(/** @type {number} */ (HOURS[0]));
  const [deleted, setDeleted] = useState(/** @type {number | null} */ (null));
  const [isDone, setDone] = useState(false);
  const isClosed = useRef(false);
  const close = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => () => void (isClosed.current = true), []);
  useEffect(() => close.current?.focus(), [isDone]);
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const path = `/people/${person.id}/clean-up`;
    const isSure = await act(async () => {
      /** @type {number | undefined} */
      let after;
      let count = 0;
      do {
        const done = /** @type {import("../../protocol").CleanedUp} */ (await chat.call("POST", path, { hours, ...(after && { after }) }));
        setDeleted((count += done.deleted));
        after = done.next;
      } while (after && !isClosed.current); // what is closed goes no further
    });
    if (isSure) setDone(true);
  };
  return html`<${Dialog} title=${t("clean_up.title", { name: personName(person) })} onClose=${onClose}>
    <form class="form" onSubmit=${run}>
      ${!isDone &&
      html`<fieldset disabled=${isBusy}>
        <legend>${t("clean_up.since")}</legend>
        ${HOURS.map(
          (one) => html`<label class="check" key=${one}>
            <input type="radio" name="hours" checked=${hours === one} onChange=${() => setHours(one)} />
            <span>${tn("clean_up.hours", one)}</span>
          </label>`,
        )}
      </fieldset>
      <p class="soft">${t("clean_up.where")}</p>`}
      <p role="status">${deleted !== null && tn("clean_up.deleted", deleted)}</p>
      <${FormError} text=${error} />
      <div class="dialog-actions">
        ${isDone
          ? html`<button type="button" class="button primary" ref=${close} onClick=${onClose}>${t("common.close")}</button>`
          : html`<button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
              <${Submit} label=${t("clean_up.delete")} isBusy=${isBusy} class="danger" />`}
      </div>
    </form>
  <//>`;
}
