// The registration form, with or without an invitation.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Field, PasswordField } from "../controls/fields.js";
import { attemptError, formValues, useAttempt } from "./attempt.js";
import { ErrorNote } from "./card.js";

/** @param {{ invite?: string, onDone?: () => unknown }} props */
export function Register({ invite, onDone }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const submit = (/** @type {any} */ event) => {
    const { name, password } = formValues(event);
    run(async () => {
      await chat.register({ name: name.trim(), password, ...(invite && { invite }) });
      await onDone?.();
    });
  };
  const at = (/** @type {string} */ field) => (error?.field === field ? attemptError(error, wait) : undefined);
  return html`<form class="form" onSubmit=${submit}>
    ${error && !at("name") && !at("password") && html`<${ErrorNote}>${attemptError(error, wait)}<//>`}
    <${Field} name="name" label=${t("sign_in.name")} hint=${t("sign_in.name_hint")} error=${at("name")} autocomplete="username"
      autocapitalize="none" spellcheck=${false} maxlength="64" required autofocus />
    <${PasswordField} name="password" label=${t("sign_in.new_password")} hint=${t("sign_in.password_hint")} error=${at("password")}
      autocomplete="new-password" required />
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${isBusy ? t("sign_in.registering") : t("sign_in.register")}</button>
  </form>`;
}
