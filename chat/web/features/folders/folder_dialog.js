// The dialog that names a folder.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, Submit } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";

/** @param {{ title: string, action: string, name?: string, save: (name: string) => Promise<unknown>, onClose: () => void }} props */
export function FolderDialog({ title, action, name: before = "", save, onClose }) {
  const { act, isBusy, error } = useAction();
  const [name, setName] = useState(before);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await act(() => save(name.trim()))) onClose();
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      <${Field} label=${t("folders.name")} value=${name} onInput=${setName} error=${error} autofocus required maxlength="64" />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${action} isBusy=${isBusy} disabled=${!name.trim()} />
      </div>
    </form>
  <//>`;
}
