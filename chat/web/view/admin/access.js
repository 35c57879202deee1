// Access of an account: log out everywhere, disable, delete.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { personName } from "../shared/names.js";

/** @param {{ account: import("./people.js").Account, act: import("./account.js").Act, isMe: boolean }} props */
export function AccountAccess({ account, act, isMe }) {
  const name = personName(account);
  const logOut = () =>
    act({ title: t("admin.log_out_ask", { name }), text: t("admin.log_out_hint"), action: t("admin.log_out"), danger: true }, "DELETE", "/sessions");
  const disable = () =>
    act({ title: t("admin.disable_ask", { name }), text: t("admin.disable_hint"), action: t("admin.disable"), danger: true }, "PATCH", "", { disabled: true });
  const enable = () =>
    act({ title: t("admin.enable_ask", { name }), action: t("admin.enable") }, "PATCH", "", { disabled: false });
  const remove = () =>
    act({ title: t("admin.delete_ask", { name }), text: t("admin.delete_hint"), action: t("admin.delete"), danger: true }, "DELETE", "");
  return html`<section class="settings-section">
    <h3>${t("admin.access")}</h3>
    <ul class="list admin-acts">
      <${Line} hint=${t("admin.log_out_hint")} label=${t("admin.log_out")} act=${logOut} />
      ${account.disabled
        ? html`<${Line} hint=${t("admin.enable_hint")} label=${t("admin.enable")} act=${enable} />`
        : html`<${Line} hint=${t("admin.disable_hint")} label=${t("admin.disable")} act=${disable} isDanger isOff=${isMe} />`}
      <${Line} hint=${t("admin.delete_hint")} label=${t("admin.delete")} act=${remove} isDanger isOff=${isMe} />
    </ul>
    ${isMe && html`<p class="field-hint">${t("admin.not_oneself")}</p>`}
  </section>`;
}

/** @param {{ hint: string, label: string, act: () => void, isDanger?: boolean, isOff?: boolean }} props */
function Line({ hint, label, act, isDanger = false, isOff = false }) {
  return html`<li class="admin-act">
    <p class="soft small">${hint}</p>
    <button type="button" class=${isDanger ? "button danger" : "button"} disabled=${isOff} onClick=${act}>${label}</button>
  </li>`;
}
