// A setting that is a number.

import { html } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { Field, Submit } from "../controls/fields.js";
import { Source, useSaving, useFieldText } from "./settings.js";

/** @typedef {"message_rate" | "message_bytes" | "read_rate" | "call_rate" | "registrations_per_hour" | "newcomer_hours" | "inviting_days" | "open_invites" | Days} Name */
/** @typedef {"message_days" | "support_close_days" | "support_remove_days" | "edit_days" | "change_days" | "key_days" | "deleted_days"} Days in days, 0: for ever */

/**
 * @param {{
 *   settings: import("./settings.js").Changing, setting: import("./settings.js").Setting, name: Name, isWhole?: boolean,
 * }} props 0 is no limit
 */
export function NumberSetting({ settings, setting, name, isWhole = false }) {
  const [text, setText] = useFieldText(String(setting.value));
  const { error, isBusy, save } = useSaving(settings, name);
  const value = numberOf(text, isWhole);
  const wrong = value === null ? t(isWhole ? "admin.whole_number" : "admin.number") : error;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (value !== null) void save(value);
  };
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field}
      label=${t(`admin.${name}`)} hint=${t(`admin.${name}_hint`)} error=${wrong} value=${text} onInput=${setText}
      inputmode="decimal"
    />
    ${value !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} disabled=${value === null} class="primary" />`}
    <${Source} setting=${setting} shown=${(/** @type {number} */ number) => shown(name, number)} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {Name} name @param {number} number @returns {string} */
function shown(name, number) {
  return number === 0 ? t(name === "newcomer_hours" || name === "inviting_days" ? "admin.none" : name.endsWith("_days") ? "retention.for_ever" : "admin.no_limit") : new Intl.NumberFormat(language()).format(number);
}

/** Parse a number; null if it is not valid. @param {string} text @param {boolean} isWhole @returns {number | null} */
function numberOf(text, isWhole) {
  const written = text.trim().replace(",", ".");
  const pattern = isWhole ? /^\d{1,10}$/ : /^\d{1,10}(\.\d{1,6})?$/;
  return pattern.test(written) ? Number(written) : null;
}
