// The dialog for invitation links: limited by uses and days, copied, shared, withdrawn.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { Copyable } from "../../view/controls/copy.js";
import { Dialog } from "../../view/controls/dialog.js";
import { FormError, Submit } from "../../view/controls/fields.js";
import { useLoaded } from "../../view/shared/loading.js";
import { roomName } from "../../view/shared/names.js";
import { addressOf } from "../../view/shared/public_address.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {{ code: string, url: string, link?: string, uses: number, expires: number }} Link */

const DAYS = [1, 7, 30];
const USES = [1, 10, 100];

/**
 * @param {{ info: import("../../model/types").RoomInfo, onClose: () => void }} props
 */
export function Invite({ info, onClose }) {
  const chat = useChat();
  const roles = useSelected((state) => state.me?.roles ?? []);
  const setup = useLoaded(() => chat.call("GET", "/setup"), []);
  const registration = /** @type {{ registration?: string } | undefined} */ (setup.value)?.registration;
  const isLobby = info.kind === "lobby";
  const isAdmin = roles.includes("admin");
  const title = t("invite.title", { name: roomName(info) });
  const address = isLobby && !isAdmin;
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="form">
      ${address
        ? html`<${Address} registration=${registration} />`
        : html`<${InviteLink} room=${isLobby ? undefined : info.id} />`}
      ${!address && registration && registration !== "open" && !isAdmin && html`<p class="field-hint">${t("invite.members_only")}</p>`}
    </div>
  <//>`;
}

/** Makes a link and shows it. @param {{ room?: number }} props without a room the link is for registering */
export function InviteLink({ room }) {
  const [link, setLink] = useState(/** @type {Link | null} */ (null));
  if (link) return html`<${Made} link=${link} onWithdrawn=${() => setLink(null)} />`;
  return html`<${Make} room=${room} onMade=${setLink} />`;
}

/** For the lobby the page's address is enough, because everybody is in it. @param {{ registration?: string }} props */
function Address({ registration }) {
  if (!registration) return html`<span class="spinner"></span>`;
  if (registration !== "open") return html`<p>${t("invite.ask_admin")}</p>`;
  return html`<p>${t("invite.address")}</p>
    <${Copyable} text=${`${location.origin}/`} label=${t("invite.link")} />`;
}

/** @param {{ room?: number, onMade: (link: Link) => void }} props */
function Make({ room, onMade }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [uses, setUses] = useState(10);
  const [days, setDays] = useState(7);
  const make = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(async () => onMade(/** @type {Link} */ (await chat.call("POST", "/invites", { ...(room && { room }), uses, days }))));
  };
  return html`<form class="form" onSubmit=${make}>
    <p>${t("invite.text")}</p>
    <${Choice} name="uses" chosen=${uses} values=${USES} onChoose=${setUses} />
    <${Choice} name="days" chosen=${days} values=${DAYS} onChoose=${setDays} />
    <${FormError} text=${error} />
    <${Submit} label=${t("invite.make")} isBusy=${isBusy} class="primary wide" />
  </form>`;
}

/** @param {{ name: "uses" | "days", chosen: number, values: number[], onChoose: (value: number) => void }} props */
function Choice({ name, chosen, values, onChoose }) {
  return html`<fieldset>
    <legend>${t(`invite.${name}`)}</legend>
    <div class="segmented">
      ${values.map(
        (value) => html`<label key=${value}>
          <input type="radio" name=${name} checked=${value === chosen} onChange=${() => onChoose(value)} />
          ${tn(`invite.${name}_n`, value)}
        </label>`,
      )}
    </div>
  </fieldset>`;
}

/** @param {{ link: Link, onWithdrawn: () => void }} props */
function Made({ link, onWithdrawn }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const withdraw = async () => {
    if (await act(() => chat.call("DELETE", `/invites/${encodeURIComponent(link.code)}`))) onWithdrawn();
  };
  return html`<p>${t("invite.made")}</p>
    <${Copyable} text=${addressOf(link)} label=${t("invite.link")} />
    <p class="field-hint">${tn("invite.good_for", link.uses, { time: dayAndTime(link.expires) })}</p>
    <${FormError} text=${error} />
    <p><button type="button" class="button quiet small danger" disabled=${isBusy} onClick=${withdraw}>${t("invite.withdraw")}</button></p>`;
}
