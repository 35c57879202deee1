// Registration: who may register, who reads the lobby, and invitations to register.

import { html } from "../../vendor/preact.js";
import { useSelected } from "../shared/context.js";
import { t } from "../../i18n/index.js";
import { InviteLink } from "../../features/invites/invite_dialog.js";
import { Choices } from "./choices.js";
import { LobbySetting } from "./lobby.js";
import { NumberSetting } from "./number_setting.js";

/** @typedef {"open" | "invite" | "closed"} Registration */

/** @type {Registration[]} */
const CHOICES = ["open", "invite", "closed"];

const FACTOR = /** @type {const} */ (["off", "admins", "operators", "everybody"]);
/** @typedef {"both" | "sso" | "password"} Login */

const INVITING = /** @type {const} */ (["everybody", "admins"]);
const LINKS = /** @type {const} */ (["off", "on"]);

/** @type {Login[]} */
const LOGINS = ["both", "sso", "password"];

/** @param {{ settings: import("./settings.js").Changing }} props */
export function RegistrationPart({ settings }) {
  const hasMail = useSelected((state) => state.server.features.includes("recovery"));
  const hasProvider = useSelected((state) => state.server.features.includes("oidc"));
  const perHour = settings.found?.registrations_per_hour;
  return html`
    <${Choices}
      settings=${settings} name="registration" values=${CHOICES} title=${t("admin.registration")}
      question=${t("admin.registration_ask")}
      label=${(/** @type {Registration} */ value) => t(`admin.registration_${value}`)}
      hint=${(/** @type {Registration} */ value) => t(`admin.registration_${value}_hint`)}
      isDangerous=${(/** @type {string} */ value) => value === "open"}
    />
    ${hasProvider &&
    settings.found?.login &&
    html`<${Choices}
      settings=${settings} name="login" values=${LOGINS} title=${t("admin.login")} question=${t("admin.login_ask")}
      label=${(/** @type {Login} */ value) => t(`admin.login_${value}`)}
      hint=${(/** @type {Login} */ value) => t(`admin.login_${value}_hint`)}
      isDangerous=${(/** @type {string} */ value) => value !== "both"}
    />`}
    ${hasMail && settings.found?.login_links && html`<${Choices}
      settings=${settings} name="login_links" values=${LINKS} title=${t("admin.login_links")} question=${t("admin.login_links_ask")}
      label=${(/** @type {"on" | "off"} */ value) => t(`admin.login_links_${value}`)}
      hint=${(/** @type {"on" | "off"} */ value) => t(`admin.login_links_${value}_hint`)}
      isDangerous=${() => false}
    />`}
    ${settings.found?.lobby && html`<${LobbySetting} settings=${settings} />`}
    <${NumberSetting} settings=${settings} setting=${perHour} name="registrations_per_hour" isWhole=${true} />
    ${settings.found?.newcomer_hours && html`<${NumberSetting} settings=${settings} setting=${settings.found.newcomer_hours} name="newcomer_hours" isWhole=${true} />`}
    ${settings.found?.second_factor && html`<${Choices}
      settings=${settings} name="second_factor" values=${FACTOR} title=${t("admin.second_factor")} question=${t("admin.second_factor_ask")}
      label=${(/** @type {(typeof FACTOR)[number]} */ value) => t(`admin.second_factor_${value}`)}
      hint=${(/** @type {(typeof FACTOR)[number]} */ value) => t(`admin.second_factor_${value}_hint`)}
      isDangerous=${() => false}
    />`}
    ${settings.found?.inviting && html`<${Choices}
        settings=${settings} name="inviting" values=${INVITING} title=${t("admin.inviting")} question=${t("admin.inviting_ask")}
        label=${(/** @type {(typeof INVITING)[number]} */ value) => t(`admin.inviting_${value}`)}
        hint=${(/** @type {(typeof INVITING)[number]} */ value) => t(`admin.inviting_${value}_hint`)}
        isDangerous=${() => false}
      />
      <${NumberSetting} settings=${settings} setting=${settings.found.inviting_days} name="inviting_days" isWhole=${true} />
      <${NumberSetting} settings=${settings} setting=${settings.found.open_invites} name="open_invites" isWhole=${true} />`}
    <section class="settings-section">
      <h3>${t("admin.invite")}</h3>
      <${InviteLink} />
    </section>`;
}
