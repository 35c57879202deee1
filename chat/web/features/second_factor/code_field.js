// The field for a code on the log-in page, which is shown once the password was right; or a passkey in its place.

import { html, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field } from "../../view/controls/fields.js";
import { UsePasskey } from "../../view/controls/use_passkey.js";

/** @param {{ error: string, name: string, [attribute: string]: unknown }} props `name` is that of the field */
export function CodeField({ error, name, ...others }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const send = (/** @type {string} */ code) => {
    const field = /** @type {HTMLInputElement} */ (box.current?.querySelector("input"));
    field.value = code;
    field.form?.requestSubmit();
  };
  return html`<div class="form" ref=${box}>
    <${Field} name=${name} label=${t("factor.code")} hint=${t("factor.log_in_hint")} error=${error} autocomplete="one-time-code"
      autocapitalize="none" spellcheck=${false} maxlength="64" dir="ltr" required autofocus ...${others} />
    <${UsePasskey} onCode=${send} />
  </div>`;
}
