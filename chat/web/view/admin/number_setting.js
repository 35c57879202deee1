// A setting that is a number, with its unit.

import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { Source, useSaving } from "./settings.js";

/** @typedef {import("./settings.js").Changing} Changing */
/** @typedef {import("./settings.js").Setting} Setting */

/**
 * @param {{ settings: Changing, setting: Setting, name: string, isWhole?: boolean }} props 0 is no limit
 */
export function NumberSetting({ settings, setting, name, isWhole = false }) {
  const id = useId();
  const [text, setText] = useState(String(setting.value));
  const { problem, isBusy, save } = useSaving(settings, name);
  useEffect(() => setText(String(setting.value)), [setting.value]);
  const value = numberOf(text, isWhole);
  const isChanged = value !== setting.value;
  const wrong = value === null ? t(isWhole ? "admin.whole_number" : "admin.number") : problem;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (value !== null && isChanged) void save(value);
  };
  const shown = (/** @type {number} */ number) => (number === 0 ? t("admin.no_limit") : new Intl.NumberFormat(language()).format(number));
  return html`<form class="field" onSubmit=${submit}>
    <label for=${id}>${t(/** @type {any} */ (`admin.${name}`))}</label>
    <p class="field-hint" id=${`${id}-hint`}>${t(/** @type {any} */ (`admin.${name}_hint`))}</p>
    <div class="actions">
      <input
        class="admin-number" id=${id} inputmode="decimal" autocomplete="off" value=${text} aria-invalid=${wrong !== null}
        aria-describedby=${`${id}-hint ${id}-wrong`} onInput=${(/** @type {any} */ event) => setText(event.target.value)}
      />
      ${value === 0 && html`<span class="tag">${t("admin.no_limit")}</span>`}
      ${isChanged && html`<button class="button primary small" disabled=${isBusy || value === null}>${t("admin.save")}</button>`}
    </div>
    <p class="field-error" id=${`${id}-wrong`} role="alert">${wrong}</p>
    <${Source} setting=${setting} shown=${shown} onTakeBack=${() => save(null)} />
  </form>`;
}

/** The number that is written, or null. @param {string} text @param {boolean} isWhole @returns {number | null} */
function numberOf(text, isWhole) {
  const written = text.trim().replace(",", ".");
  const pattern = isWhole ? /^\d{1,9}$/ : /^\d{1,9}(\.\d{1,6})?$/;
  return pattern.test(written) ? Number(written) : null;
}
