// The log-in form.

import { html, useState } from "../../vendor/preact.js";
import { loadStrings, t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Field, PasswordField } from "../controls/fields.js";
import { attemptError, formValues, useAttempt } from "./attempt.js";
import { ErrorNote } from "./card.js";
import { lazy, loadFeatures } from "../shared/lazy.js";

export const CodeField = lazy(async () => {
  const [field] = await Promise.all([import("../../features/second_factor/code_field.js"), loadStrings(loadFeatures())]);
  return field;
}, "CodeField");

const Appeal = lazy(() => import("./appeal.js"), "Appeal");
const ByPasskey = lazy(() => import("./by_passkey.js"), "ByPasskey");

/**
 * `children` are shown until an attempt fails; `passkeys`: the server takes them.
 * @param {{ onDone?: () => unknown, passkeys?: boolean, children?: import("./card.js").Children }} props
 */
export function LogIn({ onDone, passkeys, children }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [known] = useState(() => chat.get().me?.name); // the name of the person who was logged out here
  const [hasFactor, setHasFactor] = useState(false);
  const isAboutCode = error?.field === "code";
  if (isAboutCode && !hasFactor) setHasFactor(true);
  const submit = (/** @type {any} */ event) => {
    const { login, password, shared, code } = formValues(event);
    run(async () => {
      await chat.logIn(login.trim(), password, { shared: shared !== undefined, code });
      await onDone?.();
    });
  };
  return html`<form class="form" onSubmit=${submit}>
    ${error && !isAboutCode ? html`<${ErrorNote}>${attemptError(error, wait)}<//>` : children}
    ${error?.appeal && html`<${Appeal} to=${error.appeal} />`}
    <${Field} name="login" label=${t("sign_in.login")} autocomplete="username webauthn" autocapitalize="none" spellcheck=${false}
      maxlength="254" required autofocus=${!known} ...${known ? { defaultValue: known } : {}} />
    <${PasswordField} name="password" label=${t("sign_in.password")} autocomplete="current-password" required autofocus=${Boolean(known)} />
    ${hasFactor && html`<${CodeField} name="code" error=${isAboutCode && error.reason !== "code_needed" ? attemptError(error) : ""} />`}
    <label class="check">
      <input type="checkbox" name="shared" />
      <span>${t("sign_in.shared")}<span class="field-hint">${t("sign_in.shared_hint")}</span></span>
    </label>
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${isBusy ? t("sign_in.logging_in") : t("sign_in.log_in")}</button>
    ${passkeys && !hasFactor && "PublicKeyCredential" in globalThis && html`<${ByPasskey} onDone=${onDone} />`}
  </form>`;
}
