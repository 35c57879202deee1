// The dialog that gives a conversation labels, and makes, changes and deletes labels.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { LabelChip, labelsIn } from "./labels.js";

/** @typedef {import("../../protocol").Label} Label */

/** @type {readonly Label["colour"][]} */
const COLOURS = ["grey", "red", "orange", "green", "blue", "purple"];

/** @param {{ room: number, onClose: () => void }} props */
export function LabelsDialog({ room, onClose }) {
  const chat = useChat();
  const known = useSelected(labelsIn);
  const [edited, setEdited] = useState(/** @type {Label | null} */ (null));
  const [wanted, setWanted] = useState(/** @type {{ id: number, on: boolean } | null} */ (null)); // while the server is asked
  const [toRemove, setToRemove] = useState(0);
  const { act, isBusy, error } = useAction();
  const labels = known?.labels ?? [];
  const given = known?.rooms.get(room) ?? [];
  const give = async (/** @type {Label} */ { id, name }, /** @type {boolean} */ on) => {
    setWanted({ id, on });
    const path = `/support/${room}/labels/${id}`;
    if (await act(() => chat.call(on ? "PUT" : "DELETE", path))) announce(t(on ? "labels.given" : "labels.taken", { name }));
    setWanted(null);
  };
  const isGiven = (/** @type {number} */ id) => (wanted?.id === id ? wanted.on : given.includes(id));
  // It asks in place, because another dialog would close this one.
  const remove = (/** @type {number} */ id) => (id === toRemove ? act(() => chat.call("DELETE", `/support/labels/${id}`)) : setToRemove(id));
  return html`<${Dialog} title=${t("labels.title")} onClose=${onClose}>
    ${labels.length === 0 && html`<p class="soft">${t("labels.none")}</p>`}
    <ul class="list label-list">
      ${labels.map(
        (label) => html`<li key=${label.id} class="row">
          <label class="row-text label-choice">
            <input type="checkbox" checked=${isGiven(label.id)} onChange=${(/** @type {any} */ event) => give(label, event.target.checked)} />
            <${LabelChip} label=${label} />
          </label>
          ${
            toRemove === label.id
              ? html`<button type="button" class="button small danger" disabled=${isBusy} onClick=${() => remove(label.id)}>${t("labels.remove_everywhere")}</button>`
              : html`<button type="button" class="icon-button" title=${t("labels.edit")} aria-label=${t("labels.edit_one", { name: label.name })} onClick=${() => setEdited(label)}>${icon("edit")}</button>
                  <button type="button" class="icon-button" title=${t("labels.remove")} aria-label=${t("labels.remove_one", { name: label.name })} onClick=${() => remove(label.id)}>${icon("trash")}</button>`
          }
        </li>`,
      )}
    </ul>
    <${FormError} text=${error} />
    <${EditLabel} key=${edited?.id ?? 0} label=${edited} onDone=${() => setEdited(null)} />
  <//>`;
}

/** @param {{ label: Label | null, onDone: () => void }} props without a label it is a new one */
function EditLabel({ label, onDone }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [name, setName] = useState(label?.name ?? "");
  const [colour, setColour] = useState(label?.colour ?? "blue");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const about = { name: name.trim(), colour };
    if (!(await act(() => (label ? chat.call("PATCH", `/support/labels/${label.id}`, about) : chat.call("POST", "/support/labels", about))))) return;
    setName("");
    onDone();
  };
  return html`<form class="form label-form" onSubmit=${save}>
    <${Field} label=${label ? t("labels.edit_one", { name: label.name }) : t("labels.new")} value=${name} onInput=${setName} error=${field === "name" ? error : ""}
      maxlength="32" autocomplete="off" required />
    <fieldset class="label-colours">
      <legend class="visually-hidden">${t("labels.colour")}</legend>
      ${COLOURS.map(
        (each) => html`<label key=${each} class=${`label-colour is-${each}`} title=${t(`labels.${each}`)}>
          <input type="radio" name="label-colour" value=${each} checked=${each === colour} aria-label=${t(`labels.${each}`)} onClick=${() => setColour(each)} />
        </label>`,
      )}
    </fieldset>
    <${FormError} text=${field === "name" ? "" : error} />
    <div class="dialog-actions">
      ${label && html`<button type="button" class="button" onClick=${onDone}>${t("common.cancel")}</button>`}
      <${Submit} label=${t(label ? "labels.save" : "labels.add")} isBusy=${isBusy} disabled=${!name.trim()} />
    </div>
  </form>`;
}
