// This person's valid invitations, with buttons that withdraw them.

import { html } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { MoreButton, FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { usePages } from "../../view/shared/loading.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {import("../../protocol").IssuedInvite} IssuedInvite */
/** @typedef {import("../../protocol").IssuedInvites} IssuedInvites */

export function Invitations() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const pages = usePages(async (after) => {
    const query = new URLSearchParams({ ...(after && { after: String(after) }) });
    const { invites, next } = /** @type {IssuedInvites} */ (await chat.call("GET", `/me/invites?${query}`));
    return { items: invites, next };
  }, []);
  const withdraw = (/** @type {IssuedInvite} */ { id }) =>
    act(async () => {
      await chat.call("DELETE", `/me/invites/${id}`);
      pages.update((invites) => invites.filter((each) => each.id !== id));
    });
  return html`<p class="soft">${t("invitations.text")}</p>
    <${FormError} text=${error} />
    <ul class="list" aria-busy=${!pages.items}>
      ${pages.items?.map((invite) => html`<${Row} key=${invite.id} ...${{ invite, isBusy, withdraw }} />`)}
    </ul>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("invitations.none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}

/** @param {{ invite: IssuedInvite, isBusy: boolean, withdraw: (invite: IssuedInvite) => unknown }} props */
function Row({ invite, isBusy, withdraw }) {
  const name = invite.room ? (invite.room_name ?? t("room.nameless")) : t("invitations.register");
  return html`<li class="row">
    <span class="room-picture">${icon(invite.room ? "hash" : "door")}</span>
    <span class="row-text">
      <bdi class="row-title">${name}</bdi>
      <span class="row-note">${tn("invite.good_for", invite.uses, { time: dayAndTime(invite.expires) })}</span>
    </span>
    <button type="button" class="button small" disabled=${isBusy} aria-label=${t("invitations.withdraw_one", { name })} onClick=${() => withdraw(invite)}>
      ${t("invitations.withdraw")}
    </button>
  </li>`;
}
