// Asks for a link by mail to set a new password; where the server sends no mail, says whom to ask.

import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { attemptError, useAttempt } from "./attempt.js";
import { ErrorNote } from "./card.js";
import { Field } from "../controls/fields.js";

/** @param {{ links?: boolean }} props whether the server mails links to log in with */
export function Forgot({ links }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [email, setEmail] = useState("");
  const [isSent, setSent] = useState(false);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const path = event.submitter?.getAttribute("value") ?? "/auth/forgot";
    run(async () => {
      await chat.call("POST", path, { email: email.trim(), language: language() });
      setSent(true);
    });
  };
  if (isSent) return html`<p class="soft" role="status">${t("sign_in.forgot_sent")}</p>`;
  if (error?.code === "conflict") return html`<p class="soft" role="status">${t("sign_in.forgot_text")}</p>`;
  return html`<form class="form" onSubmit=${submit}>
    ${error && html`<${ErrorNote} kind="danger">${attemptError(error, wait)}<//>`}
    <${Field} label=${t("sign_in.forgot_email")} type="email" value=${email} onInput=${setEmail} autocomplete="email" required />
    <button class="button wide" disabled=${isBusy || wait > 0}>${t("sign_in.forgot_send")}</button>
    ${links && html`<button class="button wide" value="/auth/link" disabled=${isBusy || wait > 0}>${t("sign_in.link_send")}</button>`}
  </form>`;
}
