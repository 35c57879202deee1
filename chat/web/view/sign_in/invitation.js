// An invitation: what it is for, and accepting it with a new, an existing or the logged-in account.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { navigate } from "../shared/router.js";
import { useTitle } from "../shared/title.js";
import { attemptError, useAttempt } from "./attempt.js";
import { ByProvider } from "./by_provider.js";
import { Card, ErrorNote } from "./card.js";
import { LogIn } from "./log_in.js";
import { Register } from "./register.js";

/** @typedef {import("../../protocol").Invite} Invite */
/** @typedef {import("../../model/types").ChatError} ChatError */

/** @param {{ code: string, policy: import("./policy.js").Policy | null }} props */
export function Invitation({ code, policy }) {
  const chat = useChat();
  const [invite, setInvite] = useState(/** @type {Invite | null} */ (null));
  const [problem, setProblem] = useState(/** @type {ChatError | null} */ (null));
  const load = () => {
    setProblem(null);
    chat.call("GET", `/invites/${encodeURIComponent(code)}`).then(
      (found) => setInvite(/** @type {Invite} */ (found)),
      (error) => setProblem(error),
    );
  };
  useEffect(load, [code]);
  const place = invite?.room_name ?? policy?.server ?? t("sign_in.chat");
  useTitle(t("sign_in.invitation"));
  if (problem) return html`<${InvalidInvitation} problem=${problem} onRetry=${load} />`;
  if (!invite) return html`<${Card} title=${t("sign_in.invitation")}><span class="spinner" role="status" aria-label=${t("common.loading")}></span><//>`;
  const note = invite.room_name ? t("sign_in.invited_room", { server: policy?.server ?? t("sign_in.chat") }) : t("sign_in.invited_server");
  return html`<${Card} title=${t("sign_in.join_place", { place })} note=${note}><${AcceptForm} invite=${invite} policy=${policy} /><//>`;
}

/** @param {{ problem: ChatError, onRetry: () => void }} props */
function InvalidInvitation({ problem, onRetry }) {
  const isOver = problem.code === "gone" || problem.code === "not_found";
  return html`<${Card} title=${t("sign_in.invitation")}>
    <${ErrorNote} kind="warning">${isOver ? t("sign_in.invite_over") : attemptError(problem)}<//>
    ${isOver
      ? html`<a class="button wide" href="/">${t("common.to_start")}</a>`
      : html`<button type="button" class="button wide" onClick=${onRetry}>${t("common.retry")}</button>`}
  <//>`;
}

/** @param {{ invite: Invite, policy: import("./policy.js").Policy | null }} props */
function AcceptForm({ invite, policy }) {
  const chat = useChat();
  const me = useSelected((state) => (state.connection.state === "ended" ? null : state.me));
  const [isNew, setNew] = useState(true);
  const openRoom = () => navigate(invite.room ? `/room/${invite.room}` : "/", { replace: true });
  const accept = async () => {
    if (invite.room) await chat.call("POST", `/invites/${encodeURIComponent(invite.code)}`);
    openRoom();
  };
  if (me) return html`<${Join} name=${me.display ?? me.name} accept=${accept} />`;
  const byProvider = policy?.provider && html`<${ByProvider} name=${policy.provider} invite=${invite.code} />`;
  if (policy?.login === "sso") return byProvider || null;
  if (policy?.registration === "closed" || !isNew) {
    return html`${byProvider}<${LogIn} onDone=${accept} passkeys=${policy?.passkeys} />
      ${policy?.registration !== "closed" && html`<${Switch} ask=${t("sign_in.new")} action=${t("sign_in.register")} onSwitch=${() => setNew(true)} />`}`;
  }
  return html`${byProvider}<${Register} invite=${invite.code} onDone=${openRoom} />
    <${Switch} ask=${t("sign_in.have_account")} action=${t("sign_in.log_in")} onSwitch=${() => setNew(false)} />`;
}

/** @param {{ name: string, accept: () => Promise<void> }} props */
function Join({ name, accept }) {
  const { run, isBusy, wait, error } = useAttempt();
  return html`<div class="form">
    ${error && html`<${ErrorNote}>${attemptError(error, wait)}<//>`}
    <button type="button" class="button primary wide" disabled=${isBusy || wait > 0} onClick=${() => run(accept)}>
      ${t("sign_in.join_as")} <bdi>${name}</bdi>
    </button>
    <a class="button wide quiet" href="/">${t("sign_in.not_now")}</a>
  </div>`;
}

/** @param {{ ask: string, action: string, onSwitch: () => void }} props */
function Switch({ ask, action, onSwitch }) {
  return html`<p class="sign-in-other">${ask} <button type="button" class="link" onClick=${onSwitch}>${action}</button></p>`;
}
