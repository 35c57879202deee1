// The log-in page: logging in, and registering by the server's policy.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { attemptError } from "./attempt.js";
import { Card, ErrorNote } from "./card.js";
import { LogIn } from "./log_in.js";
import { usePolicy } from "./policy.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { useTitle } from "../shared/title.js";

const Appeal = lazy(() => import("./appeal.js"), "Appeal");
const ByProvider = lazy(() => import("./by_provider.js"), "ByProvider");
const Forgot = lazy(() => import("./forgot.js"), "Forgot");
const Invitation = lazy(() => import("./invitation.js"), "Invitation");
const Register = lazy(() => import("./register.js"), "Register");

/** @param {{ invite?: string }} props `invite` is the code of an invitation */
export function SignIn({ invite }) {
  const { policy, problem } = usePolicy();
  if (invite) return html`<${Invitation} key=${invite} code=${invite} policy=${policy} />`;
  return html`<${LogInOrRegister} policy=${policy} problem=${problem} />`;
}

/** @param {{ policy: import("./policy.js").Policy | null, problem: import("../../model/types").ChatError | null }} props */
function LogInOrRegister({ policy, problem }) {
  const [isNew, setNew] = useState(false);
  const [isForgotten, setForgotten] = useState(false);
  const connection = useSelected((state) => state.connection);
  const isDisabled = connection.state === "ended" && connection.why === "disabled";
  const appeal = problem?.appeal || (isDisabled && policy?.appeal);
  const name = policy?.server ?? t("sign_in.chat");
  useTitle(isNew ? t("sign_in.register") : t("sign_in.log_in"));
  if (isNew) {
    return html`<${Card} title=${t("sign_in.join_server", { server: name })} note=${t("sign_in.register_note")}>
      <${Register} />
      <p class="sign-in-other">${t("sign_in.have_account")} <button type="button" class="link" onClick=${() => setNew(false)}>${t("sign_in.log_in")}</button></p>
    <//>`;
  }
  return html`<${Card} title=${t("sign_in.welcome", { server: name })} note=${t("sign_in.login_note")}>
    ${problem && html`<${ErrorNote} kind="warning">${attemptError(problem)}<//>`}
    ${appeal && html`<${Appeal} to=${appeal} />`}
    ${policy?.needed && html`<${NotSetUp} />`}
    ${policy?.provider && html`<${ByProvider} name=${policy.provider} />`}
    ${policy?.login !== "sso" && html`<${LogIn} passkeys=${policy?.passkeys}>${!problem && html`<${Ended} connection=${connection} />`}<//>
    <details class="sign-in-forgot" onToggle=${(/** @type {any} */ event) => setForgotten(event.currentTarget.open)}><summary>${t("sign_in.forgot")}</summary>${isForgotten && html`<${Forgot} links=${policy?.login_links} />`}</details>`}
    <${Other} policy=${policy} onRegister=${() => setNew(true)} />
  <//>`;
}

/** @param {{ connection: import("../../model/types").Connection }} props */
function Ended({ connection }) {
  if (connection.state !== "ended" || connection.why === "logged_out") return null;
  return html`<${ErrorNote} kind="warning">${t(connection.why === "disabled" ? "sign_in.disabled" : "sign_in.session_ended")}<//>`;
}

function NotSetUp() {
  return html`<div class="notice">${icon("info")}
    <p>${t("sign_in.not_set_up")} <a href="/setup">${t("sign_in.to_set_up")}</a></p>
  </div>`;
}

/** @param {{ policy: import("./policy.js").Policy | null, onRegister: () => void }} props */
function Other({ policy, onRegister }) {
  if (!policy || policy.needed || policy.login === "sso") return null;
  if (policy.registration === "open") {
    return html`<p class="sign-in-other">${t("sign_in.new")} <button type="button" class="link" onClick=${onRegister}>${t("sign_in.register")}</button></p>`;
  }
  return html`<p class="sign-in-other soft">${t(policy.registration === "invite" ? "sign_in.by_invite" : "sign_in.closed")}</p>`;
}
