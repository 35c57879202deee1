// The private hosts that the server may send requests to.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, Submit } from "../controls/fields.js";
import { Source, useSaving, useFieldText } from "./settings.js";

/** @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
export function OutboundHosts({ settings, setting }) {
  const now = linesOf(setting.value);
  const [text, setText] = useFieldText(now);
  const { error, isBusy, save } = useSaving(settings, "outbound_hosts");
  const hosts = text.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save(hosts);
  };
  return html`<form class="admin-setting is-wide" onSubmit=${submit}>
    <${Field}
      label=${t("admin.outbound_hosts")} hint=${t("admin.outbound_hosts_hint")} value=${text} onInput=${setText} rows=${2}
      error=${error} spellcheck="false" autocapitalize="none" placeholder="hooks.internal"
    />
    ${hosts.join("\n") !== now && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} />`}
    <${Source} setting=${setting} shown=${(/** @type {unknown} */ value) => linesOf(value) || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {unknown} value */
function linesOf(value) {
  return Array.isArray(value) ? value.join("\n") : "";
}
