// One account: roles, name, password and access. Each change asks for confirmation.

import { html } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { navigate } from "../shared/router.js";
import { dayAndTime } from "../shared/times.js";
import { AccountAccess } from "./access.js";
import { NewName, NewPassword } from "./account_forms.js";
import { ResetLink } from "./reset_link.js";
import { AccountRoles } from "./roles.js";

/** @typedef {import("./people.js").Account} Account */
/** @typedef {{ title: string, text?: string, action: string, danger?: boolean }} Question */
/** @typedef {(question: Question, method: string, path: string, body?: unknown) => Promise<boolean>} Act */

/** @param {{ id: number }} props */
export function AccountPage({ id }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const { act: change, error } = useAction();
  const load = async () => /** @type {Account} */ (await chat.call("GET", `/admin/people/${id}`));
  const { value: account, error: missing, set } = useLoaded(load, [id]);

  /** @type {Act} */
  const act = async (question, method, path, body) => {
    if (!(await confirm(question))) return false;
    const isDone = await change(async () => set((await chat.call(method, `/admin/people/${id}${path}`, body)) ?? (path === "/removal" ? undefined : await load())));
    if (!isDone) return false;
    announce(t("admin.saved"));
    if (path === "/removal") navigate("/admin/people");
    return true;
  };
  return html`<a class="button quiet small admin-back" href="/admin/people">${icon("back", { size: 16 })} ${t("admin.everybody")}</a>
    <${FormError} text=${missing || error} />
    ${!account && !missing && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    ${account && html`<${Head} account=${account} /><${Sections} account=${account} act=${act} isMe=${id === me} />`}`;
}

/** @param {{ account: Account }} props */
function Head({ account }) {
  return html`<header class="account-head">
    ${avatar(account, { size: "large" })}
    <div class="row-text">
      <h3 dir="auto">${personName(account)}</h3>
      <p class="soft small">
        ${[account.email, t("admin.since", { time: dayAndTime(account.created) }), tn("admin.sessions", account.sessions ?? 0)]
          .filter(Boolean)
          .join(" · ")}
      </p>
    </div>
    ${account.disabled && html`<span class="tag is-disabled">${t("admin.is_disabled")}</span>`}
  </header>`;
}

/** @param {{ account: Account, act: Act, isMe: boolean }} props */
function Sections({ account, act, isMe }) {
  const question = { title: t("admin.picture_ask", { name: personName(account) }), text: t("admin.picture_text"), action: t("admin.picture"), danger: true };
  return html`
    ${account.picture && !isMe && html`<p class="actions"><button type="button" class="button small" onClick=${() => act(question, "DELETE", "/picture")}>${t("admin.picture")}</button></p>`}
    <${AccountRoles} account=${account} act=${act} isMe=${isMe} />
    <section class="settings-section">
      <h3>${t("admin.name")}</h3>
      <${NewName} key=${account.name} account=${account} act=${act} />
    </section>
    ${!isMe && html`<section class="settings-section">
      <h3>${t("admin.password")}</h3>
      <p class="soft">${t("admin.password_hint")}</p>
      <${ResetLink} account=${account} />
      <${NewPassword} account=${account} act=${act} />
    </section>`}
    <${AccountAccess} account=${account} act=${act} isMe=${isMe} />`;
}
