// The dialog that makes a room of a thread, for those who follow it.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { preview } from "../../model/text.js";
import { Dialog } from "../controls/dialog.js";
import { Field, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { navigate } from "../shared/router.js";
import { Privacy } from "./new_room.js";

/** Characters of the thread's first message that are proposed as the name. */
const PROPOSED = 40;

/** @param {{ room: number, seq: number, onClose: () => void }} props `seq`: the first message of the thread */
export function RoomOfThread({ room, seq, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { info, messages } = useSelected((state) => state.rooms.get(room)) ?? {};
  const [name, setName] = useState(() => preview(messages?.get(seq)?.text ?? "", PROPOSED).replace(/…$/u, "").trim());
  const [isPrivate, setPrivate] = useState(info?.kind === "direct" || Boolean(info?.private));
  const key = useMemo(() => crypto.randomUUID(), []);
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await act(async () => {
      const asked = { key, name: name.trim(), private: isPrivate, base: location.origin };
      const made = await chat.call("POST", `/rooms/${room}/threads/${seq}/room`, asked);
      onClose();
      navigate(`/room/${/** @type {import("../../model/types").RoomInfo} */ (made).id}`);
    });
  };
  return html`<${Dialog} title=${t("threads.roomTitle")} onClose=${onClose}>
    <form class="form" onSubmit=${make}>
      <p class="soft">${t("threads.roomHow")}</p>
      <${Field} label=${t("newroom.name")} value=${name} onInput=${setName} error=${error} autofocus required maxlength="64" />
      <${Privacy} isPrivate=${isPrivate} onChange=${setPrivate} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("newroom.make")} isBusy=${isBusy} disabled=${!name.trim()} />
      </div>
    </form>
  <//>`;
}
