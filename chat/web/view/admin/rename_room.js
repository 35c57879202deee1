// The dialog that renames a room.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { Dialog } from "../controls/dialog.js";
import { Field, Submit } from "../controls/fields.js";

/** @param {{ room: import("./rooms.js").ListedRoom, change: import("./rooms.js").Change, onClose: () => void }} props */
export function RenameRoom({ room, change, onClose }) {
  const { act, isBusy, error } = useAction();
  const [name, setName] = useState(room.name);
  const wanted = name.trim();
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (wanted === room.name || (await act(() => change(room, "PATCH", { name: wanted })))) onClose();
  };
  return html`<${Dialog} title=${t("admin.rename_room", { name: room.name })} onClose=${onClose}>
    <form class="form" onSubmit=${save}>
      <${Field} label=${t("newroom.name")} value=${name} onInput=${setName} error=${error} autofocus required maxlength="64" />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("admin.rename")} isBusy=${isBusy} disabled=${!wanted} />
      </div>
    </form>
  <//>`;
}
