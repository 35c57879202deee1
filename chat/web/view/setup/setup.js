// The set-up: four steps from the printed code to a room with an invitation. A reload resumes at the last step.

import "../controls/icons/more.js";
import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { attemptError } from "../sign_in/attempt.js";
import { Card, ErrorNote } from "../sign_in/card.js";
import { LogIn } from "../sign_in/log_in.js";
import { usePolicy } from "../sign_in/policy.js";
import { choose, preference } from "../shared/preferences.js";
import { FirstAdmin } from "./first_admin.js";
import { FirstInvitation } from "./first_invitation.js";
import { FirstRoom } from "./first_room.js";
import { Registration } from "./registration.js";
import { useTitle } from "../shared/title.js";

/**
 * The progress of the set-up, with the room and the invitation (its path) that were made.
 * @typedef {{ step: 1 | 2 | 3 | 4, room?: number, invitation?: string }} Progress
 */

const PREFERENCE = "setup";
const STEPS = /** @type {const} */ (["setup.step_admin", "setup.step_people", "setup.step_room", "setup.step_invite"]);

/** @param {{ code: string }} props the set-up code, from the address */
export function SetUp({ code }) {
  useTitle(t("setup.title"));
  const [progress, setProgress] = useState(restored);
  const [isRestored, setRestored] = useState(true); // the progress is from an earlier visit
  const { policy, problem, askAgain } = usePolicy();
  const isIn = useSelected((state) => state.me !== null && state.connection.state !== "ended");
  const go = (/** @type {Progress} */ next) => {
    choose(PREFERENCE, next.step === 1 ? "" : JSON.stringify(next));
    setProgress(next);
    setRestored(false);
  };
  // Without an admin it starts over, because the stored progress belongs to another database.
  if (progress.step === 1 || (isRestored && policy?.needed)) {
    if (policy && !policy.needed) return html`<${AlreadyDone} />`;
    return html`<${Step} at=${1} title=${t("setup.admin")} note=${t("setup.admin_note")}>
      ${problem && html`<${ErrorNote} kind="warning">${attemptError(problem)}<//>`}
      <${FirstAdmin} code=${code} onDone=${() => go({ step: 2 })} onGone=${askAgain} />
    <//>`;
  }
  if (!isIn) return html`<${Step} at=${progress.step} title=${t("setup.go_on")} note=${t("setup.go_on_note")}><${LogIn} /><//>`;
  if (progress.step === 2) {
    return html`<${Step} at=${2} title=${t("setup.people")} note=${t("setup.people_note")}>
      ${problem && html`<${ErrorNote} kind="warning">${attemptError(problem)}<//>`}
      ${policy && html`<${Registration} policy=${policy} onDone=${() => go({ step: 3 })} />`}
    <//>`;
  }
  if (progress.step === 3) {
    return html`<${Step} at=${3} title=${t("setup.room")} note=${t("setup.room_note")}>
      <${FirstRoom} onDone=${(/** @type {number} */ room) => go({ step: 4, room })} />
    <//>`;
  }
  return html`<${Step} at=${4} title=${t("setup.invite")} note=${t("setup.invite_note")}>
    <${FirstInvitation} room=${progress.room} path=${progress.invitation}
      onMade=${(/** @type {string} */ invitation) => go({ ...progress, invitation })} onDone=${() => choose(PREFERENCE, "")} />
  <//>`;
}

/** @returns {Progress} */
function restored() {
  try {
    const { step, room, invitation } = JSON.parse(preference(PREFERENCE));
    if ([2, 3].includes(step) || (step === 4 && Number.isInteger(room))) return { step, room, invitation };
  } catch {
    // Nothing is stored, or it cannot be parsed.
  }
  return { step: 1 };
}

/** @param {{ at: number, title: string, note: string, children?: import("../sign_in/card.js").Children }} props */
function Step({ at, title, note, children }) {
  const steps = html`<ol class="steps" aria-label=${t("setup.title")}>
    ${STEPS.map((key, n) => html`<li class=${n + 1 < at ? "is-done" : ""} aria-current=${n + 1 === at ? "step" : undefined}>${t(key)}</li>`)}
  </ol>`;
  return html`<${Card} title=${title} note=${note} above=${steps}>${children}<//>`;
}

function AlreadyDone() {
  return html`<${Card} title=${t("setup.done")} note=${t("setup.done_note")}>
    <a class="button primary wide" href="/">${t("sign_in.log_in")}</a>
  <//>`;
}
