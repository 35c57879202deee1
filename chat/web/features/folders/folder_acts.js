// The menu beside a folder's name in the list of rooms: rename it, delete it.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../../view/controls/dialog.js";
import { FormError } from "../../view/controls/fields.js";
import { Menu } from "../../view/controls/menu.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { FolderDialog } from "./folder_dialog.js";
import { changeFolders } from "./folders.js";

/** @param {{ id: number, name: string }} props */
export function FolderActs({ id, name }) {
  const chat = useChat();
  const { act, error } = useAction();
  const [isRenaming, setRenaming] = useState(false);
  const path = `/me/folders/${id}`;
  const remove = async () => {
    const isSure = await confirm({ title: t("folders.removeTitle", { name }), text: t("folders.removeText"), action: t("folders.remove"), danger: true });
    if (isSure) await act(() => changeFolders(chat, "DELETE", path));
  };
  const items = [
    { label: t("folders.rename"), icon: /** @type {const} */ ("edit"), act: () => setRenaming(true) },
    { label: t("folders.remove"), icon: /** @type {const} */ ("trash"), isDanger: true, act: () => void remove() },
  ];
  return html`<${Menu} label=${t("folders.acts", { name })} items=${items} />
    <${FormError} text=${error} />
    ${
      isRenaming &&
      html`<${FolderDialog} title=${t("folders.rename")} action=${t("folders.rename")} name=${name}
        save=${(/** @type {string} */ to) => changeFolders(chat, "PATCH", path, { name: to })} onClose=${() => setRenaming(false)} />`
    }`;
}
