// Access of an account: log out everywhere, disable, delete in one of three ways.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { personName } from "../shared/names.js";

const REMOVALS = /** @type {const} */ (["leave", "anonymise", "erase"]);

/** @param {{ account: import("./people.js").Account, act: import("./account.js").Act, isMe: boolean }} props */
export function AccountAccess({ account, act, isMe }) {
  const name = personName(account);
  const logOut = () =>
    act({ title: t("admin.log_out_ask", { name }), text: t("admin.log_out_hint"), action: t("admin.log_out"), danger: true }, "DELETE", "/sessions");
  const disable = () =>
    act({ title: t("admin.disable_ask", { name }), text: t("admin.disable_hint"), action: t("admin.disable"), danger: true }, "PATCH", "", { disabled: true });
  const enable = () =>
    act({ title: t("admin.enable_ask", { name }), action: t("admin.enable") }, "PATCH", "", { disabled: false });
  const removeFactor = () =>
    act({ title: t("admin.factor_ask", { name }), text: t("admin.factor_hint"), action: t("admin.factor"), danger: true }, "DELETE", "/second-factor");
  const remove = (/** @type {(typeof REMOVALS)[number]} */ how) =>
    act({ title: t(`admin.${how}_ask`, { name }), text: t(`admin.${how}_hint`), action: t(`admin.${how}`), danger: true }, "POST", "/removal", { how });
  return html`<section class="settings-section">
    <h3>${t("admin.access")}</h3>
    <ul class="list admin-acts">
      <${Line} hint=${t("admin.log_out_hint")} label=${t("admin.log_out")} act=${logOut} />
      ${account.second_factor && !isMe && html`<${Line} hint=${t("admin.factor_hint")} label=${t("admin.factor")} act=${removeFactor} />`}
      ${account.disabled
        ? html`<${Line} hint=${t("admin.enable_hint")} label=${t("admin.enable")} act=${enable} />`
        : html`<${Line} hint=${t("admin.disable_hint")} label=${t("admin.disable")} act=${disable} isDanger isOff=${isMe} />`}
      ${REMOVALS.map((how) => html`<${Line} key=${how} hint=${t(`admin.${how}_hint`)} label=${t(`admin.${how}`)} act=${() => remove(how)} isDanger isOff=${isMe} />`)}
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
