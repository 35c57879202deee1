// A labelled field of a form, with a hint, what is wrong with it, and an eye for passwords.

import { html, useId, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../icon.js";

/** @typedef {Record<string, unknown> & { name: string, label: string, hint?: string, error?: string }} FieldProps */

/** @param {FieldProps} props the rest goes to the input */
export function Field({ label, hint, error, ...input }) {
  const id = useId();
  const about = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} aria-describedby=${about} aria-invalid=${error ? "true" : undefined} ...${input} />
    ${error ? html`<p class="field-error" id=${`${id}-error`}>${error}</p>` : hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/** @param {FieldProps} props */
export function PasswordField({ label, hint, error, ...input }) {
  const [isShown, setShown] = useState(false);
  const id = useId();
  const about = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <div class="password">
      <input id=${id} type=${isShown ? "text" : "password"} aria-describedby=${about} autocapitalize="none"
        spellcheck=${false} aria-invalid=${error ? "true" : undefined} ...${input} />
      <button type="button" class="icon-button" aria-label=${t("door.show_password")} aria-pressed=${isShown}
        onClick=${() => setShown(!isShown)}>${icon(isShown ? "eye_off" : "eye")}</button>
    </div>
    ${error ? html`<p class="field-error" id=${`${id}-error`}>${error}</p>` : hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/**
 * What was typed into a form.
 * @param {SubmitEvent & { currentTarget: HTMLFormElement }} event
 * @returns {Record<string, string>}
 */
export function typed(event) {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.currentTarget));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
