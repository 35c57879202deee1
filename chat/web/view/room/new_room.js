// The dialog that makes a room.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { Field, Submit } from "../controls/fields.js";
import { navigate } from "../shared/router.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * @param {{ onClose: () => void }} props
 */
export function NewRoom({ onClose }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [isPrivate, setPrivate] = useState(false);
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await act(async () => {
      const made = await chat.call("POST", "/rooms", { name: name.trim(), topic: topic.trim(), private: isPrivate });
      onClose();
      navigate(`/room/${/** @type {RoomInfo} */ (made).id}?show=room`);
    });
  };
  return html`<${Dialog} title=${t("newroom.title")} onClose=${onClose}>
    <form class="form" onSubmit=${make}>
      <${Field} label=${t("newroom.name")} value=${name} onInput=${setName} error=${field === "topic" ? "" : error} autofocus required maxlength="64" />
      <${Field} label=${t("newroom.topic")} hint=${t("newroom.topic_hint")} value=${topic} onInput=${setTopic} error=${field === "topic" ? error : ""} maxlength="500" />
      <${Privacy} isPrivate=${isPrivate} onChange=${setPrivate} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("newroom.make")} isBusy=${isBusy} disabled=${!name.trim()} />
      </div>
    </form>
  <//>`;
}

/**
 * The choice between public and private.
 * @param {{ isPrivate: boolean, onChange: (isPrivate: boolean) => void, disabled?: boolean }} props
 */
export function Privacy({ isPrivate, onChange, disabled }) {
  const choice = (/** @type {boolean} */ value, /** @type {"public" | "private"} */ name) => html`<label class="check">
    <input type="radio" name="privacy" checked=${isPrivate === value} disabled=${disabled} onChange=${() => onChange(value)} />
    <span>${t(`newroom.${name}`)} <span class="field-hint">${t(`newroom.${name}_hint`)}</span></span>
  </label>`;
  return html`<fieldset>
    <legend>${t("newroom.who")}</legend>
    ${choice(false, "public")} ${choice(true, "private")}
  </fieldset>`;
}
