// The dialog that forwards a message: to whom, and with which words.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError } from "../../view/controls/fields.js";
import { RoomPicker } from "../../view/controls/room_picker.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat } from "../../view/shared/context.js";
import { roomName } from "../../view/shared/names.js";

/** @param {import("../feature").MessageDialogProps} props */
export function Forward({ message, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [text, setText] = useState("");
  const key = useMemo(() => crypto.randomUUID(), [text]);
  const forward = (/** @type {import("../../model/types").RoomInfo} */ info) =>
    act(async () => {
      const where = `/rooms/${message.room}/messages/${message.seq}/forward`;
      await chat.call("POST", where, { to: info.id, key: `${key}-${info.id}`, text: text.trim() });
      announce(t("forwarding.done", { name: roomName(info) }));
      onClose();
    });
  return html`<${Dialog} title=${t("forwarding.title")} onClose=${onClose}>
    <div class="form">
      <${RoomPicker} isBusy=${isBusy} onPick=${forward}>
        <${Field} label=${t("forwarding.text")} value=${text} onInput=${setText} maxlength="1000" />
        <${FormError} text=${error} />
      <//>
    </div>
  <//>`;
}
