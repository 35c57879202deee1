// What mailed links and an admin's reset link lead to: a new password, a log-in, or a confirmed address.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { attemptError, formValues, useAttempt } from "./attempt.js";
import { Card, ErrorNote } from "./card.js";
import { LinkOver, LogInByLink, accountOf } from "./link.js";
import { CodeField } from "./log_in.js";
import { PasswordField } from "../controls/fields.js";
import { lazy } from "../shared/lazy.js";
import { useLoaded } from "../shared/loading.js";
import { navigate } from "../shared/router.js";
import { useTitle } from "../shared/title.js";

const Confirm = lazy(() => import("./confirm.js"), "Confirm");

/** @param {{ code: string }} props from the address; its first letter says what it is for */
export function Reset({ code }) {
  if (code.startsWith("c-")) return html`<${Confirm} code=${code} />`;
  if (code.startsWith("l-")) return html`<${LogInByLink} code=${code} />`;
  return html`<${NewPassword} code=${code} />`;
}

/** @param {{ code: string }} props */
function NewPassword({ code }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [password, setPassword] = useState("");
  const [hasFactor, setHasFactor] = useState(false);
  const isAboutCode = error?.reason === "code_needed" || error?.reason === "wrong_code";
  if (isAboutCode && !hasFactor) setHasFactor(true);
  const account = useLoaded(() => accountOf(chat, code), [code]);
  const whose = account.value;
  useTitle(t("reset.title"));
  const submit = (/** @type {any} */ event) => {
    const { second_factor } = formValues(event);
    run(async () => {
      await chat.resetPassword({ code, password, second_factor });
      navigate("/", { replace: true }); // the code is used, so it is removed from the address
    });
  };
  const isOver = error?.code === "gone" || (error?.field === "code" && !isAboutCode);
  if (whose === null) return html`<${LinkOver} title=${t("reset.title")} />`;
  const ofPassword = error?.field === "password" ? attemptError(error, wait) : undefined;
  return html`<${Card} title=${t("reset.title")} note=${t("reset.note")}>
    ${whose && html`<p>${t("confirm.account")} <bdi>${whose.name}</bdi></p>`}
    ${account.error && !error && html`<${ErrorNote} kind="warning">${account.error}<//>`}
    ${error && !ofPassword && !isAboutCode && html`<${ErrorNote} kind=${isOver ? "warning" : "danger"}>${isOver ? t("reset.over") : attemptError(error, wait)}<//>`}
    <form class="form" onSubmit=${submit}>
      ${whose && html`<input type="text" autocomplete="username" value=${whose.name} readonly hidden />`}
      <${PasswordField} label=${t("password.new")} hint=${t("sign_in.password_hint")} error=${ofPassword} value=${password}
        onInput=${setPassword} autocomplete="new-password" required autofocus />
      ${hasFactor && html`<${CodeField} name="second_factor" error=${error?.reason === "wrong_code" ? attemptError(error) : ""} />`}
      <button class="button primary wide" disabled=${isBusy || wait > 0}>${t("reset.set")}</button>
    </form>
    <p class="sign-in-other"><a href="/">${t("common.to_start")}</a></p>
  <//>`;
}
