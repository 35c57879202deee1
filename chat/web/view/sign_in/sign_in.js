// The log-in page: logging in, and registering by the server's policy.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { attemptError } from "./attempt.js";
import { Card, ErrorNote } from "./card.js";
import { LogIn } from "./log_in.js";
import { usePolicy } from "./policy.js";
import { Register } from "./register.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { useTitle } from "../shared/title.js";

const Invitation = lazy(() => import("./invitation.js"), "Invitation");

/** @param {{ invite?: string }} props `invite` is the code of an invitation */
export function SignIn({ invite }) {
  const { policy, problem } = usePolicy();
  if (invite) return html`<${Invitation} key=${invite} code=${invite} policy=${policy} />`;
  return html`<${LogInOrRegister} policy=${policy} problem=${problem} />`;
}

/** @param {{ policy: import("./policy.js").Policy | null, problem: import("../../model/types").ChatError | null }} props */
function LogInOrRegister({ policy, problem }) {
  const [isNew, setNew] = useState(false);
  const connection = useSelected((state) => state.connection);
  const name = policy?.server ?? t("door.chat");
  useTitle(isNew ? t("door.register") : t("door.log_in"));
  if (isNew) {
    return html`<${Card} title=${t("door.join_server", { server: name })} note=${t("door.register_note")}>
      <${Register} />
      <p class="door-other">${t("door.have_account")} <button type="button" class="link" onClick=${() => setNew(false)}>${t("door.log_in")}</button></p>
    <//>`;
  }
  return html`<${Card} title=${t("door.welcome", { server: name })} note=${t("door.login_note")}>
    ${problem && html`<${ErrorNote} kind="warning">${attemptError(problem)}<//>`}
    ${policy?.needed && html`<${NotSetUp} />`}
    <${LogIn}>${!problem && html`<${Ended} connection=${connection} />`}<//>
    <details class="door-forgot"><summary>${t("door.forgot")}</summary><p class="soft">${t("door.forgot_text")}</p></details>
    <${Other} policy=${policy} onRegister=${() => setNew(true)} />
  <//>`;
}

/** @param {{ connection: import("../../model/types").Connection }} props */
function Ended({ connection }) {
  if (connection.state !== "ended" || connection.why === "logged_out") return null;
  return html`<${ErrorNote} kind="warning">${t(connection.why === "disabled" ? "door.disabled" : "door.session_ended")}<//>`;
}

function NotSetUp() {
  return html`<div class="notice">${icon("info")}
    <p>${t("door.not_set_up")} <a href="/setup">${t("door.to_set_up")}</a></p>
  </div>`;
}

/** @param {{ policy: import("./policy.js").Policy | null, onRegister: () => void }} props */
function Other({ policy, onRegister }) {
  if (!policy || policy.needed) return null;
  if (policy.registration === "open") {
    return html`<p class="door-other">${t("door.new")} <button type="button" class="link" onClick=${onRegister}>${t("door.register")}</button></p>`;
  }
  return html`<p class="door-other soft">${t(policy.registration === "invite" ? "door.by_invite" : "door.closed")}</p>`;
}
