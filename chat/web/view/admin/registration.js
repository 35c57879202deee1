// Who may register, and invitations to it.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../dialog.js";
import { Refusal } from "../fields.js";
import { InviteLink } from "../invite.js";
import { NumberSetting } from "./number_setting.js";
import { Source, useSaving } from "./settings.js";

/** @typedef {"open" | "invite" | "closed"} Registration */

/** @type {Registration[]} */
const CHOICES = ["open", "invite", "closed"];

/** @param {{ settings: import("./settings.js").Changing }} props */
export function RegistrationPart({ settings }) {
  const { registration, registrations_per_hour: perHour } = settings.found ?? {};
  const { error, isBusy, save } = useSaving(settings, "registration");
  const choose = async (/** @type {Registration} */ value) => {
    const [title, text] = [t("admin.registration_ask"), t(`admin.registration_${value}_hint`)];
    if (await confirm({ title, text, action: t(`admin.registration_${value}`) })) await save(value);
  };
  return html`
    <fieldset class="admin-choices">
      <legend>${t("admin.registration")}</legend>
      ${CHOICES.map(
        (value) => html`<label class="check" key=${value}>
          <input
            type="radio" name="registration" checked=${registration.value === value} disabled=${isBusy}
            onClick=${(/** @type {Event} */ event) => {
              event.preventDefault(); // it is chosen when the server says so
              if (registration.value !== value) void choose(value);
            }}
          />
          <span>${t(`admin.registration_${value}`)}<span class="field-hint admin-choice">${t(`admin.registration_${value}_hint`)}</span></span>
        </label>`,
      )}
      <${Refusal} text=${error} />
      <${Source}
        setting=${registration} shown=${(/** @type {Registration} */ value) => t(`admin.registration_${value}`)}
        onTakeBack=${() => save(null)}
      />
    </fieldset>
    <${NumberSetting} settings=${settings} setting=${perHour} name="registrations_per_hour" isWhole=${true} />
    <section class="settings-section">
      <h3>${t("admin.invite")}</h3>
      <${InviteLink} />
    </section>`;
}
