// Confirms an e-mail address by a mailed link. It takes a click: programs that check mails open links too.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { attemptError, useAttempt } from "./attempt.js";
import { Card, ErrorNote } from "./card.js";
import { useTitle } from "../shared/title.js";

/** @param {{ code: string }} props from the address */
export function Confirm({ code }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [isDone, setDone] = useState(false);
  useTitle(t("confirm.title"));
  const confirm = () =>
    run(async () => {
      await chat.call("POST", "/auth/confirm", { code });
      setDone(true);
    });
  const isOver = error?.code === "gone" || error?.field === "code";
  return html`<${Card} title=${t("confirm.title")} note=${t("confirm.note")}>
    ${error && html`<${ErrorNote} kind=${isOver ? "warning" : "danger"}>${isOver ? t("confirm.over") : attemptError(error, wait)}<//>`}
    ${
      isDone
        ? html`<p class="notice" role="status">${t("confirm.done")}</p>`
        : html`<button class="button primary wide" disabled=${isBusy || wait > 0} onClick=${confirm} autofocus>${t("confirm.confirm")}</button>`
    }
    <p class="sign-in-other"><a href="/">${t("common.to_start")}</a></p>
  <//>`;
}
