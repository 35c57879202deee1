// The field for a code on the log-in page, which is shown once the password was right.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field } from "../../view/controls/fields.js";

/** @param {{ error: string, [attribute: string]: unknown }} props */
export function CodeField({ error, ...others }) {
  return html`<${Field} label=${t("factor.code")} hint=${t("factor.log_in_hint")} error=${error} autocomplete="one-time-code"
    autocapitalize="none" spellcheck=${false} maxlength="64" dir="ltr" required autofocus ...${others} />`;
}
