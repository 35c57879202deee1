// Logs in by a mailed link, and says to which account. It takes a click: programs that check mails open links too.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { navigate } from "../shared/router.js";
import { useTitle } from "../shared/title.js";
import { attemptError, formValues, useAttempt } from "./attempt.js";
import { Card, ErrorNote } from "./card.js";
import { CodeField } from "./log_in.js";

/** @param {{ code: string }} props from the address */
export function LogInByLink({ code }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [hasFactor, setHasFactor] = useState(false);
  const isAboutCode = error?.reason === "code_needed" || error?.reason === "wrong_code";
  if (isAboutCode && !hasFactor) setHasFactor(true);
  const account = useLoaded(() => chat.call("POST", "/auth/link/account", { code }), [code]);
  const whose = /** @type {import("../../protocol").LinkAccount | undefined} */ (account.value);
  useTitle(t("link.title"));
  const submit = (/** @type {any} */ event) => {
    const { second_factor, shared } = formValues(event);
    run(async () => {
      await chat.logInByLink({ code, ...(second_factor && { second_factor }) }, { shared: shared !== undefined });
      navigate("/", { replace: true }); // the code is used, so it is removed from the address
    });
  };
  const isOver = error?.code === "gone" || error?.code === "invalid";
  return html`<${Card} title=${t("link.title")} note=${t("link.note")}>
    ${whose && html`<p>${t("confirm.account")} <bdi>${whose.name}</bdi></p>`}
    ${account.error && !error && html`<${ErrorNote} kind="warning">${account.error}<//>`}
    ${error && !isAboutCode && html`<${ErrorNote} kind=${isOver ? "warning" : "danger"}>${isOver ? t("reset.over") : attemptError(error, wait)}<//>`}
    <form class="form" onSubmit=${submit}>
      ${hasFactor && html`<${CodeField} name="second_factor" error=${error?.reason === "wrong_code" ? attemptError(error) : ""} />`}
      <label class="check">
        <input type="checkbox" name="shared" />
        <span>${t("sign_in.shared")}<span class="field-hint">${t("sign_in.shared_hint")}</span></span>
      </label>
      <button class="button primary wide" disabled=${isBusy || wait > 0} autofocus>${t("sign_in.log_in")}</button>
    </form>
    <p class="sign-in-other"><a href="/">${t("common.to_start")}</a></p>
  <//>`;
}
