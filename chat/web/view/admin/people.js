// The list of accounts, with search and roles; or one opened account.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { useChat } from "../shared/context.js";
import { MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { usePages, useDebounced } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { useRoute } from "../shared/router.js";
import { AccountPage } from "./account.js";
import { AddPerson } from "./add_person.js";
import { InviteImported } from "./invite_imported.js";

/** @typedef {import("../../protocol").Account} Account */
/** @typedef {import("../../protocol").Accounts} Accounts */

const ROLES = ["", "operator", "moderator", "admin"];

export function PeoplePart() {
  const chosen = Number(useRoute().query.get("person")) || null;
  const [text, setText] = useState("");
  const [role, setRole] = useState("");
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState(0);
  if (chosen) return html`<${AccountPage} key=${chosen} id=${chosen} />`;
  return html`<div class="actions">
      <input
        class="admin-search" type="search" value=${text} placeholder=${t("admin.people_search")} aria-label=${t("admin.people_search")}
        autocomplete="off" onInput=${(/** @type {any} */ event) => setText(event.target.value)}
      />
      <fieldset class="segmented">
        <legend class="visually-hidden">${t("admin.people_role")}</legend>
        ${ROLES.map(
          (each) => html`<label key=${each}>
            <input type="radio" name="people-role" checked=${role === each} onChange=${() => setRole(each)} />
            <span>${t(/** @type {any} */ (`admin.people_${each || "all"}`))}</span>
          </label>`,
        )}
      </fieldset>
      <button type="button" class="button" onClick=${() => setAdding(true)}>${icon("add", { size: 16 })} ${t("admin.add_person")}</button>
    </div>
    <${InviteImported} />
    <${List} text=${useDebounced(text.trim())} role=${role} added=${added} />
    ${isAdding && html`<${AddPerson} onClose=${() => setAdding(false)} onAdded=${() => setAdded(added + 1)} />`}`;
}

/** @param {{ text: string, role: string, added: number }} props `added` changes when a person was added */
function List({ text, role, added }) {
  const chat = useChat();
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ limit: "50", q: text, ...(role && { role }), ...(after && { after: String(after) }) });
      /** @type {Accounts} */
      const { people, next } = await chat.call("GET", `/admin/people?${query}`);
      return { items: people, next };
    },
    [text, role, added],
  );
  return html`<ul class="list admin-people" aria-busy=${!pages.items}>
      ${pages.items?.map(
        (account) => html`<li key=${account.id}>
          <a class="row" href=${`/admin/people?person=${account.id}`}>
            ${avatar(account)}
            <span class="row-text">
              <bdi class="row-title">${personName(account)}</bdi>
              <span class="row-note">${[account.display && account.name, account.email].filter(Boolean).join(" · ")}</span>
            </span>
            <${Tags} account=${account} />
          </a>
        </li>`,
      )}
    </ul>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("admin.people_none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}

/** Tags of an account: disabled, roles. @param {{ account: Account }} props */
function Tags({ account }) {
  return html`<span class="row-end admin-tags">
    ${account.disabled && html`<span class="tag is-disabled">${t("admin.is_disabled")}</span>`}
    ${(account.roles ?? []).map((role) => html`<span class="tag" key=${role}>${t(/** @type {any} */ (`admin.role_${role}`))}</span>`)}
  </span>`;
}
