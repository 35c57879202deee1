// The roles of an account on this server.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { personName } from "../shared/names.js";

/** @typedef {"operator" | "moderator" | "admin"} Role */

/** @type {Role[]} */
export const ROLES = ["operator", "moderator", "admin"];

/** @param {{ account: import("./people.js").Account, act: import("./account.js").Act, isMe: boolean }} props */
export function AccountRoles({ account, act, isMe }) {
  const name = personName(account);
  const change = (/** @type {Role} */ role, /** @type {boolean} */ has) => {
    const fields = { name, role: t(`admin.role_${role}`) };
    const question = {
      title: t(has ? "admin.role_take" : "admin.role_give", fields),
      text: isMe && has ? t("admin.role_own") : t(`admin.role_${role}_hint`),
      action: t(has ? "admin.role_take_do" : "admin.role_give_do"),
      danger: has,
    };
    void act(question, "PATCH", "", { [role]: !has });
  };
  return html`<section class="settings-section">
    <h3>${t("admin.roles")}</h3>
    ${ROLES.map((role) => {
      const has = account.roles?.includes(role) ?? false;
      return html`<label class="check" key=${role}>
        <input
          type="checkbox" checked=${has}
          onClick=${(/** @type {Event} */ event) => {
            event.preventDefault(); // it is checked once the server has changed it
            change(role, has);
          }}
        />
        <span>${t(`admin.role_${role}`)}<span class="field-hint admin-choice">${t(`admin.role_${role}_hint`)}</span></span>
      </label>`;
    })}
  </section>`;
}
