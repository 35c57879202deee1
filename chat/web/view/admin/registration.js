// Who may register, and invitations to it.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../dialog.js";
import { NewInvite } from "./invite.js";
import { NumberSetting } from "./number_setting.js";
import { NoSettings, Source, useSaving } from "./settings.js";

/** @typedef {"open" | "invite" | "closed"} Registration */

/** @type {Registration[]} */
const CHOICES = ["open", "invite", "closed"];

/** @param {{ settings: import("./settings.js").Changing }} props */
export function RegistrationPart({ settings }) {
  const { found, problem } = settings;
  const registration = useSaving(settings, "registration");
  if (!found) return html`<${NoSettings} problem=${problem} />`;
  const setting = found.registration;
  const choose = async (/** @type {Registration} */ value) => {
    const [title, text] = [t("admin.registration_ask"), t(`admin.registration_${value}_hint`)];
    if (await confirm({ title, text, action: t(`admin.registration_${value}`) })) await registration.save(value);
  };
  return html`
    <fieldset class="form">
      <legend class="visually-hidden">${t("admin.registration")}</legend>
      ${CHOICES.map(
        (value) => html`<label class="check" key=${value}>
          <input
            type="radio" name="registration" checked=${setting.value === value} disabled=${registration.isBusy}
            onClick=${(/** @type {Event} */ event) => {
              event.preventDefault(); // it is chosen when the server says so
              if (setting.value !== value) void choose(value);
            }}
          />
          <span>${t(`admin.registration_${value}`)}<span class="field-hint admin-choice">${t(`admin.registration_${value}_hint`)}</span></span>
        </label>`,
      )}
      <p class="field-error" role="alert">${registration.problem}</p>
      <${Source}
        setting=${setting} shown=${(/** @type {Registration} */ value) => t(`admin.registration_${value}`)}
        onTakeBack=${() => registration.save(null)}
      />
    </fieldset>
    <div class="admin-fields">
      <${NumberSetting} settings=${settings} setting=${found.registrations_per_hour} name="registrations_per_hour" isWhole=${true} />
    </div>
    <section class="admin-section">
      <h3>${t("admin.invite")}</h3>
      <p class="soft">${t("admin.invite_hint")}</p>
      <${NewInvite} />
    </section>`;
}
