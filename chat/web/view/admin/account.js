// One account: roles, name, password, and whether that person may come in. Each change is confirmed.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { announce } from "../announce.js";
import { useAnswer } from "../asking.js";
import { avatar } from "../avatar.js";
import { useChat, useSelected } from "../context.js";
import { confirm } from "../dialog.js";
import { icon } from "../icon.js";
import { personName } from "../names.js";
import { problemText } from "../problem.js";
import { navigate } from "../router.js";
import { dayAndTime } from "../times.js";
import { AccountAccess } from "./access.js";
import { NewName, NewPassword } from "./account_forms.js";
import { AccountRoles } from "./roles.js";
import { Tags } from "./people.js";

/** @typedef {import("./people.js").Account} Account */
/** @typedef {{ title: string, text?: string, action: string, danger?: boolean }} Question */
/** @typedef {(question: Question, method: string, path: string, body?: unknown) => Promise<boolean>} Act */

/** @param {{ id: number }} props */
export function AccountPage({ id }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  /** @type {{ found: Account | null, problem: string | null, put: (account: Account) => void }} */
  const { found: account, problem: missing, put } = useAnswer(`/admin/people/${id}`);

  /** @type {Act} */
  const act = async (question, method, path, body) => {
    if (!(await confirm(question))) return false;
    try {
      const changed = /** @type {Account} */ (await chat.call(method, `/admin/people/${id}${path}`, body));
      setProblem(null);
      announce(t("admin.saved"));
      if (method === "DELETE" && path === "") navigate("/admin/people");
      else put(changed);
      return true;
    } catch (error) {
      setProblem(problemText(error));
      return false;
    }
  };
  return html`<a class="button quiet small admin-back" href="/admin/people">${icon("back", { size: 16 })} ${t("admin.everybody")}</a>
    ${(missing ?? problem) && html`<p class="notice danger" role="alert">${missing ?? problem}</p>`}
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
    <${Tags} account=${account} />
  </header>`;
}

/** @param {{ account: Account, act: Act, isMe: boolean }} props */
function Sections({ account, act, isMe }) {
  return html`
    <${AccountRoles} account=${account} act=${act} isMe=${isMe} />
    <section class="admin-section">
      <h3>${t("admin.name")}</h3>
      <${NewName} key=${account.name} account=${account} act=${act} />
    </section>
    <section class="admin-section">
      <h3>${t("admin.password")}</h3>
      <p class="soft">${t("admin.password_hint")}</p>
      <${NewPassword} account=${account} act=${act} />
    </section>
    <${AccountAccess} account=${account} act=${act} isMe=${isMe} />`;
}
