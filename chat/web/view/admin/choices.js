// A setting with a few values. Each change asks for confirmation, also returning to the default.

import { html } from "../../vendor/preact.js";
import { confirm } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { Source, useSaving } from "./settings.js";

/**
 * @param {{
 *   settings: import("./settings.js").Changing, name: string, values: readonly string[], title: string, question: string,
 *   label: (value: string) => string, hint: (value: string) => string, isDangerous: (value: string) => boolean,
 * }} props `isDangerous`: values that the confirmation warns of
 */
export function Choices({ settings, name, values, title, question, label, hint, isDangerous }) {
  const setting = /** @type {import("./settings.js").Setting} */ (settings.found?.[name]);
  const { error, isBusy, save } = useSaving(settings, name);
  const isSure = (/** @type {string} */ value) =>
    confirm({ title: question, text: hint(value), action: label(value), danger: isDangerous(value) });
  const choose = async (/** @type {string} */ value) => {
    if (await isSure(value)) await save(value);
  };
  const reset = async () => {
    if (setting.value === setting.default || (await isSure(setting.default))) await save(null);
  };
  return html`<fieldset class="admin-choices">
    <legend>${title}</legend>
    ${values.map(
      (value) => html`<label class="check" key=${value}>
        <input
          type="radio" name=${name} checked=${setting.value === value} disabled=${isBusy}
          onClick=${(/** @type {Event} */ event) => {
            event.preventDefault(); // it is checked once the server has changed it
            if (setting.value !== value) void choose(value);
          }}
        />
        <span>${label(value)}<span class="field-hint admin-choice">${hint(value)}</span></span>
      </label>`,
    )}
    <${FormError} text=${error} />
    <${Source} setting=${setting} shown=${label} onTakeBack=${reset} />
  </fieldset>`;
}
