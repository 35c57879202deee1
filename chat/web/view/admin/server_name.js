// What the server is called.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, Submit } from "../fields.js";
import { Source, useSaving, useWritten } from "./settings.js";

/** @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
export function ServerName({ settings, setting }) {
  const [name, setName] = useWritten(setting.value);
  const { error, isBusy, save } = useSaving(settings, "server_name");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save(name.trim());
  };
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field} label=${t("admin.server_name")} hint=${t("admin.server_name_hint")} value=${name} onInput=${setName}
      error=${error} maxlength="40" required />
    ${name.trim() !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} />`}
    <${Source} setting=${setting} onTakeBack=${() => save(null)} />
  </form>`;
}
