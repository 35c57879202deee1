// Confirms an email address by a mailed link. It takes a click: programs that check mails open links too. And it takes
// the account: its owner may not be the one to whom the address belongs.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { attemptError, useAttempt } from "./attempt.js";
import { ByProvider } from "./by_provider.js";
import { Card, ErrorNote } from "./card.js";
import { LogIn } from "./log_in.js";
import { usePolicy } from "./policy.js";
import { useTitle } from "../shared/title.js";

/** @param {{ code: string }} props from the address */
export function Confirm({ code }) {
  const { me, isOver } = useSelected((state) => ({ me: state.me, isOver: state.connection.state === "ended" }));
  useTitle(t("confirm.title"));
  if (isOver) return html`<${LogInFirst} />`;
  if (!me) return html`<${Card} title=${t("confirm.title")}><span class="spinner" role="status" aria-label=${t("common.loading")}></span><//>`;
  return html`<${Confirmation} code=${code} name=${me.display ?? me.name} />`;
}

function LogInFirst() {
  const { policy } = usePolicy();
  return html`<${Card} title=${t("confirm.title")} note=${t("confirm.log_in")}>
    ${policy?.provider && html`<${ByProvider} name=${policy.provider} />`}
    ${policy && policy.login !== "sso" && html`<${LogIn} passkeys=${policy.passkeys} />`}
  <//>`;
}

/** @param {{ code: string, name: string }} props */
function Confirmation({ code, name }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const [isDone, setDone] = useState(false);
  const confirm = () =>
    run(async () => {
      await chat.call("POST", "/auth/confirm", { code });
      setDone(true);
    });
  const isOver = error?.code === "gone" || error?.code === "invalid";
  return html`<${Card} title=${t("confirm.title")} note=${t("confirm.note")}>
    ${error && html`<${ErrorNote} kind=${isOver ? "warning" : "danger"}>${isOver ? t("confirm.over") : attemptError(error, wait)}<//>`}
    ${
      isDone
        ? html`<p class="notice" role="status">${t("confirm.done")}</p>`
        : html`<p>${t("confirm.account")} <bdi>${name}</bdi></p>
          <button class="button primary wide" disabled=${isBusy || wait > 0} onClick=${confirm} autofocus>${t("confirm.confirm")}</button>`
    }
    <p class="sign-in-other"><a href="/">${t("common.to_start")}</a></p>
  <//>`;
}
