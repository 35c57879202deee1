// Registration: who may register, who reads the lobby, and invitations to register.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { InviteLink } from "../../features/invites/invite_dialog.js";
import { Choices } from "./choices.js";
import { LobbySetting } from "./lobby.js";
import { NumberSetting } from "./number_setting.js";

/** @typedef {"open" | "invite" | "closed"} Registration */

/** @type {Registration[]} */
const CHOICES = ["open", "invite", "closed"];

/** @param {{ settings: import("./settings.js").Changing }} props */
export function RegistrationPart({ settings }) {
  const perHour = settings.found?.registrations_per_hour;
  return html`
    <${Choices}
      settings=${settings} name="registration" values=${CHOICES} title=${t("admin.registration")}
      question=${t("admin.registration_ask")}
      label=${(/** @type {Registration} */ value) => t(`admin.registration_${value}`)}
      hint=${(/** @type {Registration} */ value) => t(`admin.registration_${value}_hint`)}
      isDangerous=${(/** @type {string} */ value) => value === "open"}
    />
    ${settings.found?.lobby && html`<${LobbySetting} settings=${settings} />`}
    <${NumberSetting} settings=${settings} setting=${perHour} name="registrations_per_hour" isWhole=${true} />
    <section class="settings-section">
      <h3>${t("admin.invite")}</h3>
      <${InviteLink} />
    </section>`;
}
