// The forms that change an account's name and password.

import { html, useId, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { personName } from "../shared/names.js";

/** @typedef {{ account: import("./people.js").Account, act: import("./account.js").Act }} Props */

/** @param {Props} props */
export function NewName({ account, act }) {
  const id = useId();
  const [name, setName] = useState(account.name);
  const wanted = name.trim();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const fields = { name: account.name, wanted };
    const question = { title: t("admin.rename_ask", fields), text: t("admin.rename_text"), action: t("admin.rename") };
    if (wanted && wanted !== account.name) void act(question, "PATCH", "", { name: wanted });
  };
  return html`<form class="field" onSubmit=${submit}>
    <label for=${id}>${t("admin.login_name")}</label>
    <div class="admin-line">
      <input id=${id} value=${name} autocomplete="off" dir="auto" onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
      <button class="button" disabled=${!wanted || wanted === account.name}>${t("admin.rename")}</button>
    </div>
  </form>`;
}

/** @param {Props} props */
export function NewPassword({ account, act }) {
  const id = useId();
  const [password, setPassword] = useState("");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const question = {
      title: t("admin.password_ask", { name: personName(account) }),
      text: t("admin.password_text"),
      action: t("admin.password_set"),
      danger: true,
    };
    if (password && (await act(question, "PATCH", "", { password }))) setPassword("");
  };
  return html`<form class="field" onSubmit=${submit}>
    <label for=${id}>${t("admin.new_password")}</label>
    <div class="admin-line">
      <input type="text" autocomplete="username" value=${account.name} readonly hidden />
      <input
        id=${id} type="password" autocomplete="new-password" value=${password}
        onInput=${(/** @type {any} */ event) => setPassword(event.target.value)}
      />
      <button class="button" disabled=${!password}>${t("admin.password_set")}</button>
    </div>
  </form>`;
}
