// The button in the panel of a room whose menu puts the room into a folder.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { Menu } from "../../view/controls/menu.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { foldersOf } from "./changes.js";
import { FolderDialog } from "./folder_dialog.js";
import { changeFolders, FOLDER, putIntoFolder } from "./folders.js";

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function FolderMenu({ info }) {
  const chat = useChat();
  const known = useSelected(foldersOf);
  const { act, error } = useAction();
  const [isNew, setNew] = useState(false);
  if (!known) return null;
  const current = known.folders.find(({ rooms }) => rooms.includes(info.id));
  const put = (/** @type {number | undefined} */ folder) => void act(() => putIntoFolder(chat, info.id, folder));
  const items = [
    ...known.folders.map((folder) => ({ label: folder.name, isChecked: folder === current, act: () => put(folder.id) })),
    { label: t("folders.none"), isChecked: !current, act: () => put(undefined) },
    { label: t("folders.new"), icon: /** @type {const} */ ("add"), act: () => setNew(true) },
  ];
  const make = async (/** @type {string} */ name) => {
    const { folders = [] } = await changeFolders(chat, "POST", "/me/folders", { name });
    await putIntoFolder(chat, info.id, folders.at(-1)?.id);
  };
  return html`<${Menu} label=${t("folders.title")} isNamed class="button quiet wide" items=${items}>
      ${icon(FOLDER)} ${t("folders.title")}${current && html`: <bdi>${current.name}</bdi>`}
    <//>
    <${FormError} text=${error} />
    ${isNew && html`<${FolderDialog} title=${t("folders.newTitle")} action=${t("folders.make")} save=${make} onClose=${() => setNew(false)} />`}`;
}
