// The server's name, its public address, and where calls are held.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, Submit } from "../controls/fields.js";
import { withoutPath } from "../shared/public_address.js";
import { Source, useSaving, useFieldText } from "./settings.js";

/** @typedef {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} Props */

/** @param {Props} props */
export function ServerName({ settings, setting }) {
  const [name, setName] = useFieldText(setting.value);
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

/** @param {Props} props */
export function PublicAddress({ settings, setting }) {
  const [text, setText] = useFieldText(setting.value);
  const { error, isBusy, save } = useSaving(settings, "public_url");
  const address = text.trim() === "" ? "" : withoutPath(text);
  const wrong = address === null ? t("address.wrong") : error;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (address === null) return;
    setText(address);
    void save(address);
  };
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field} label=${t("address.label")} hint=${t("address.hint")} value=${text} onInput=${setText} error=${wrong}
      inputmode="url" autocapitalize="none" spellcheck=${false} maxlength="260" placeholder="https://chat.example" />
    ${address !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} disabled=${address === null} />`}
    <${Source} setting=${setting} shown=${(/** @type {string} */ value) => value || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {Props} props */
export function CallAddress({ settings, setting }) {
  const [text, setText] = useFieldText(setting.value);
  const { error, isBusy, save } = useSaving(settings, "call_url");
  const address = text.trim();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save(address);
  };
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field} label=${t("admin.call_url")} hint=${t("admin.call_url_hint", { room: "{room}" })} value=${text} onInput=${setText} error=${error}
      inputmode="url" autocapitalize="none" spellcheck=${false} maxlength="300" placeholder="https://meet.example/{room}" />
    ${address !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} />`}
    <${Source} setting=${setting} shown=${(/** @type {string} */ value) => value || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}
