// The visitors of the support widget: found, blocked and unblocked, with their conversations.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { confirm } from "../controls/dialog.js";
import { FormError, MoreButton } from "../controls/fields.js";
import { Verified } from "../controls/verified.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useDebounced, usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").ListedVisitor} Visitor */

export function VisitorsPart() {
  const [text, setText] = useState("");
  return html`<p class="soft">${t("admin.visitors_hint")}</p>
    <input
      class="admin-search" type="search" value=${text} placeholder=${t("admin.visitors_search")} aria-label=${t("admin.visitors_search")}
      autocomplete="off" onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    />
    <${List} text=${useDebounced(text.trim())} />`;
}

/** @param {{ text: string }} props */
function List({ text }) {
  const chat = useChat();
  const isOperator = useSelected((state) => state.me?.roles?.includes("operator") ?? false);
  const [changed, setChanged] = useState(0);
  const { act, error, isBusy } = useAction();
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ limit: "50", q: text, ...(after && { after: String(after) }) });
      /** @type {import("../../protocol").ListedVisitors} */
      const { visitors, next } = await chat.call("GET", `/admin/visitors?${query}`);
      return { items: visitors, next };
    },
    [text, changed],
  );
  const turn = async (/** @type {Visitor} */ { person, blocked }) => {
    const action = t(blocked ? "inbox.unblock" : "inbox.block");
    const question = { title: `${action}: ${personName(person)}`, text: blocked ? "" : t("admin.visitors_block_text"), action, danger: !blocked };
    if (!(await confirm(question))) return;
    if (await act(() => chat.call("PATCH", `/admin/people/${person.id}`, { disabled: !blocked }))) setChanged(changed + 1);
  };
  return html`<${FormError} text=${error} />
    <ul class="list admin-people" aria-busy=${!pages.items}>
      ${pages.items?.map(
        (visitor) => html`<li class="row admin-visitor" key=${visitor.person.id}>
          ${avatar(visitor.person)}
          <span class="row-text">
            <span class="row-title"><bdi>${personName(visitor.person)}</bdi>${visitor.verified && html` <${Verified} />`}
              ${visitor.blocked && html` <span class="tag is-disabled">${t("inbox.blocked")}</span>`}</span>
            <span class="row-note">${about(visitor)}</span>
          </span>
          <span class="row-end actions">
            ${isOperator && visitor.room && html`<a class="button small" href=${`/inbox/${visitor.room}`}>${t("inbox.conversation")}</a>`}
            <button type="button" class="button small quiet danger" disabled=${isBusy} onClick=${() => turn(visitor)}>${t(visitor.blocked ? "inbox.unblock" : "inbox.block")}</button>
          </span>
        </li>`,
      )}
    </ul>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("admin.visitors_none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}

/** @param {Visitor} visitor */
function about({ person, email, page, came }) {
  return [person.display && person.name, email, page, dayAndTime(came)].filter(Boolean).join(" · ");
}
