// The first step: the code that the server printed, and the first admin's name and password.

import { html, useLayoutEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Field, PasswordField } from "../controls/fields.js";
import { attemptError, formValues, useAttempt } from "../sign_in/attempt.js";
import { ErrorNote } from "../sign_in/card.js";
import { navigate } from "../shared/router.js";

/**
 * `code` is from the address; `onGone` is called if the code was already used, for example by a faster person.
 * @param {{ code: string, onDone: () => void, onGone: () => void }} props
 */
export function FirstAdmin({ code, onDone, onGone }) {
  const chat = useChat();
  const { run, isBusy, wait, error, clear } = useAttempt();
  const [written, setWritten] = useState(code);
  const [isAsked, setAsked] = useState(code === ""); // for the code: after a wrong one it can be corrected
  useLayoutEffect(() => {
    setWritten(code);
    setAsked(code === "");
    clear();
  }, [code]);
  const submit = (/** @type {any} */ event) => {
    const { name, password } = formValues(event);
    run(async () => {
      try {
        await chat.setUp({ code: written.trim(), name: name.trim(), password });
      } catch (error) {
        const { code } = /** @type {import("../../model/types").ChatError} */ (error);
        if (code === "forbidden") setAsked(true);
        if (code === "gone") onGone();
        throw error;
      }
      onDone();
      navigate("/setup", { replace: true }); // the code is used, so it is removed from the address
    });
  };
  const isCodeWrong = error?.code === "forbidden";
  const at = (/** @type {string} */ field) => (error?.field === field ? attemptError(error, wait) : undefined);
  return html`<form class="form" onSubmit=${submit}>
    ${error && !error.field && html`<${ErrorNote}>${error.code === "gone" ? t("setup.code_gone") : attemptError(error, wait)}<//>`}
    ${isAsked &&
    html`<${Field} label=${t("setup.code")} hint=${t("setup.code_hint")} value=${written} onInput=${setWritten}
      error=${isCodeWrong ? t("setup.code_wrong") : undefined} autocomplete="off" autocapitalize="characters" spellcheck=${false} required />`}
    <${Field} name="name" label=${t("sign_in.name")} hint=${t("sign_in.name_hint")} error=${at("name")} autocomplete="username"
      autocapitalize="none" spellcheck=${false} maxlength="64" required autofocus />
    <${PasswordField} name="password" label=${t("sign_in.new_password")} hint=${t("sign_in.password_hint")} error=${at("password")}
      autocomplete="new-password" required />
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${t("setup.next")}</button>
  </form>`;
}
