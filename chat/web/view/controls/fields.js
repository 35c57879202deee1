// Form controls: labelled fields with a hint and an error, the submit button, a form's error, and "more" below a list.

import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "./icon.js";

/** @typedef {import("../../vendor/preact").ComponentChildren} Children */

/**
 * A text field, with several lines if `rows` is given. Without `value` and `onInput` the form reads it on submit. `children`
 * stand at its end; other properties go to the input.
 * @param {{
 *   label: string, value?: string, onInput?: (value: string) => void, hint?: string, error?: string, rows?: number,
 *   autofocus?: boolean, children?: Children, [attribute: string]: unknown,
 * }} props
 */
export function Field({ label, value, onInput, hint = "", error = "", autofocus = false, children, ...others }) {
  const id = useId();
  const field = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (autofocus) field.current?.focus();
  }, []);
  const shared = {
    id,
    ref: field,
    "data-first": autofocus || undefined, // for the dialog around it
    dir: "auto",
    ...(value !== undefined && { value }),
    "aria-invalid": error ? "true" : undefined,
    "aria-describedby": error || hint ? `${id}-hint` : undefined,
    onInput: onInput && ((/** @type {any} */ event) => onInput(event.target.value)),
    ...others,
  };
  const input = others.rows
    ? html`<textarea ...${shared}></textarea>`
    : html`<input type="text" autocomplete="off" ...${shared} />`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children ? html`<div class="field-box">${input}${children}</div>` : input}
    ${(error || hint) &&
    html`<p id=${`${id}-hint`} class=${error ? "field-error" : "field-hint"} role=${error ? "alert" : undefined}>${error || hint}</p>`}
  </div>`;
}

/**
 * A password field with a button that shows the password. Its properties are those of Field.
 * @param {{ label: string, [attribute: string]: unknown }} props
 */
export function PasswordField(props) {
  const [isShown, setShown] = useState(false);
  return html`<${Field} type=${isShown ? "text" : "password"} autocapitalize="none" spellcheck=${false} dir="ltr" ...${props}>
    <button type="button" class="icon-button" aria-label=${t("common.show_password")} aria-pressed=${isShown}
      onClick=${() => setShown(!isShown)}>${icon(isShown ? "eye_off" : "eye")}</button>
  <//>`;
}

/**
 * @param {{ label: string, isBusy?: boolean, disabled?: boolean, class?: string }} props
 */
export function Submit({ label, isBusy = false, disabled = false, class: extra = "primary" }) {
  return html`<button type="submit" class=${`button ${extra}`} disabled=${isBusy || disabled} aria-busy=${isBusy}>${label}</button>`;
}

/**
 * An error that belongs to no field.
 * @param {{ text: string }} props
 */
export function FormError({ text }) {
  return text && html`<p class="notice danger" role="alert">${text}</p>`;
}

/**
 * The button that loads the next page of a list.
 * @param {{ pages: { hasMore: boolean, more: () => void, isBusy: boolean, error: string } }} props
 */
export function MoreButton({ pages }) {
  return html`
    <${FormError} text=${pages.error} />
    ${pages.hasMore &&
    html`<button type="button" class="button quiet wide" disabled=${pages.isBusy} onClick=${pages.more}>${t("list.more")}</button>`}
  `;
}
