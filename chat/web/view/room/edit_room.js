// The dialog that edits a room: moderators set the topic, owners also name and privacy.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { parts } from "../../features/registry.js";
import { useAction } from "../shared/action.js";
import { roomPicture } from "../controls/avatar.js";
import { icon } from "../controls/icon.js";
import { roomIcon } from "../shared/names.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { Field, Submit } from "../controls/fields.js";
import { Privacy } from "./new_room.js";

/**
 * @param {{
 *   info: import("../../model/types").RoomInfo, rights: import("../../model/rights.js").Rights, onClose: () => void,
 * }} props
 */
export function EditRoom({ info, rights, onClose }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [name, setName] = useState(info.name ?? "");
  const [topic, setTopic] = useState(info.topic ?? "");
  const [isPrivate, setPrivate] = useState(Boolean(info.private));
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const change = {
      ...(name.trim() !== (info.name ?? "") && { name: name.trim() }),
      ...(topic.trim() !== (info.topic ?? "") && { topic: topic.trim() }),
      ...(isPrivate !== Boolean(info.private) && { private: isPrivate }),
    };
    if (Object.keys(change).length === 0 || (await act(() => chat.call("PATCH", `/rooms/${info.id}`, change)))) onClose();
  };
  return html`<${Dialog} title=${t("room.edit")} onClose=${onClose}>
    ${rights.canSetPicture && parts("PictureButtons").map((Buttons) => html`<${Buttons} path=${`/rooms/${info.id}/picture`} has=${Boolean(info.picture)} hint=${t("pictures.room_hint")}>
      <span class="room-about-picture">${roomPicture(info, icon(roomIcon(info), { size: 22 }))}</span>
    <//>`)}
    <form class="form" onSubmit=${save}>
      ${rights.isOwner && html`<${Field} label=${t("newroom.name")} value=${name} onInput=${setName} error=${field === "topic" ? "" : error} required maxlength="64" />`}
      <${Field} label=${t("newroom.topic")} hint=${t("newroom.topic_hint")} rows="3" value=${topic} onInput=${setTopic}
        error=${field === "topic" || !rights.isOwner ? error : ""} maxlength="500" autofocus />
      ${rights.isOwner && html`<${Privacy} isPrivate=${isPrivate} onChange=${setPrivate} />`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("room.save")} isBusy=${isBusy} />
      </div>
    </form>
  <//>`;
}
