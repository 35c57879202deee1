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

/**
 * Whose account a link is for; null: the link is over. It stays good.
 * @param {import("../../model/types").Chat} chat
 * @param {string} code
 * @returns {Promise<import("../../protocol").LinkAccount | null>}
 */
export async function accountOf(chat, code) {
  try {
    return /** @type {import("../../protocol").LinkAccount} */ (await chat.call("POST", "/auth/link/account", { code }));
  } catch (problem) {
    if (/** @type {import("../../model/types").ChatError} */ (problem).code === "gone") return null;
    throw problem;
  }
}

/** @param {{ code: string }} props from the address */
export function LogInByLink({ code }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [hasFactor, setHasFactor] = useState(false);
  const isAboutCode = error?.reason === "code_needed" || error?.reason === "wrong_code";
  if (isAboutCode && !hasFactor) setHasFactor(true);
  const account = useLoaded(() => accountOf(chat, code), [code]);
  const whose = account.value;
  useTitle(t("link.title"));
  const submit = (/** @type {any} */ event) => {
    const { second_factor, shared } = formValues(event);
    run(async () => {
      await chat.logInByLink({ code, ...(second_factor && { second_factor }) }, { shared: shared !== undefined });
      navigate("/", { replace: true }); // the code is used, so it is removed from the address
    });
  };
  const isOver = error?.code === "gone" || error?.code === "invalid";
  if (whose === null) return html`<${LinkOver} title=${t("link.title")} />`;
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

/** @param {{ title: string }} props */
export function LinkOver({ title }) {
  return html`<${Card} title=${title}>
    <${ErrorNote} kind="warning">${t("reset.over")}<//>
    <a class="button wide" href="/">${t("common.to_start")}</a>
  <//>`;
}
