// The dialog about a conversation's person: name, address, page, first visit; and blocking them.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isOpen, isVisitor, visitor } from "../../model/support_queue.js";
import { useAction } from "../shared/action.js";
import { Presence, avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { Verified } from "../controls/verified.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { dayAndTime, shortTime } from "../shared/times.js";
import { SendTranscript } from "../../features/transcripts/send.js";
import { PageLink } from "./page_link.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** @param {{ info: RoomInfo, onChanged: (info: RoomInfo) => void, onClose: () => void }} props */
export function PersonCard({ info, onChanged, onClose }) {
  const person = visitor(info);
  return html`<${Dialog} title=${t("inbox.about_person")} onClose=${onClose}>
    <div class="person-card">
      ${avatar(person, { size: "large", presence: true })}
      <h3><bdi>${personName(person)}</bdi>${person.verified && html` <${Verified} />`}</h3>
      <p class="soft" dir="auto">${personName(person) !== person.name && html`${person.name} · `}<${Presence} id=${person.id} /></p>
    </div>
    <dl class="facts">
      ${isVisitor(info) &&
      html`<dt>${t("inbox.email")}</dt>
        <dd>${person.email ? html`<a href=${`mailto:${person.email}`}>${person.email}</a>${person.verified && html` <${Verified} />`}` : html`<span class="soft">${t("inbox.not_given")}</span>`}</dd>
        <${Mailed} room=${info.id} />
        ${person.page && html`<dt>${t("inbox.page")}</dt><dd><${PageLink} page=${person.page} shown=${person.page} /></dd>`}`}
      ${person.came !== undefined && html`<dt>${t("inbox.came")}</dt><dd>${dayAndTime(person.came)}</dd>`}
    </dl>
    ${isVisitor(info) && person.email && html`<${Earlier} room=${info.id} onChosen=${onClose} />`}
    <${Transcript} room=${info.id} email=${person.email ?? ""} />
    ${isVisitor(info) && html`<${Block} info=${info} onChanged=${onChanged} />`}
  <//>`;
}

/** Whether the conversation began by mail, and what the mail server found out about the sender. @param {{ room: number }} props */
function Mailed({ room }) {
  const chat = useChat();
  const isOffered = useSelected(({ server }) => server.features.includes("support_mail"));
  const load = async () => (isOffered ? /** @type {import("../../protocol").MailedFrom} */ (await chat.call("GET", `/support/${room}/mail`)) : undefined);
  const { value } = useLoaded(load, [room, isOffered]);
  if (!value?.address) return null;
  return html`<dt>${t("inbox.by_mail")}</dt>
    <dd class=${value.check === "fail" ? "is-warning" : "soft"}>${t(`inbox.mail_${value.check}`)}</dd>`;
}

/** The other conversations with the email address. @param {{ room: number, onChosen: () => void }} props */
function Earlier({ room, onChosen }) {
  const chat = useChat();
  const isOffered = useSelected(({ server }) => server.features.includes("earlier"));
  const load = async () => (isOffered ? /** @type {import("../../protocol").EarlierConversations} */ (await chat.call("GET", `/support/${room}/earlier`)).rooms : []);
  const { value: rooms = [], error } = useLoaded(load, [room, isOffered]);
  if (error) return html`<${FormError} text=${error} />`;
  if (rooms.length === 0) return null;
  return html`<section class="card-earlier">
    <h3>${t("inbox.earlier")}</h3>
    <p class="soft small">${t("inbox.earlier_hint")}</p>
    <ul class="list">
      ${rooms.map(
        (info) => html`<li key=${info.id}><a class="row" href=${`/inbox/${info.id}`} onClick=${onChosen}>
          <span class="row-text">
            <span class="conversation-head">
              <bdi class="row-title">${personName(visitor(info))}</bdi>
              <span class="soft small">${info.last && shortTime(info.last.at, Date.now())}</span>
            </span>
            <span class="row-note" dir="auto">${info.last?.text ?? ""}</span>
          </span>
          ${!isOpen(info) && html`<span class="tag">${t("inbox.part_closed")}</span>`}
        </a></li>`,
      )}
    </ul>
  </section>`;
}

/** @param {{ room: number, email: string }} props */
function Transcript({ room, email }) {
  const chat = useChat();
  const isOffered = useSelected(({ server }) => server.features.includes("transcripts"));
  return isOffered && html`<${SendTranscript} call=${chat.call} path=${`/support/${room}/transcript`} label=${t("transcripts.mail")} email=${email} />`;
}

/** Asks for confirmation in place, because another dialog would close this one. @param {{ info: RoomInfo, onChanged: (info: RoomInfo) => void }} props */
function Block({ info, onChanged }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [isAsked, setAsked] = useState(false);
  const { blocked = false } = visitor(info);
  const change = async () => {
    await act(async () => onChanged(/** @type {RoomInfo} */ (await chat.call("PATCH", `/support/${info.id}`, { blocked: !blocked }))));
    setAsked(false);
  };
  return html`<section class="card-block">
    ${blocked && html`<p class="notice">${icon("block")} <span>${t("inbox.is_blocked")}</span></p>`}
    ${isAsked && html`<p>${t("inbox.block_text")}</p>`}
    <${FormError} text=${error} />
    <div class="actions">
      ${blocked
        ? html`<button type="button" class="button" disabled=${isBusy} onClick=${change}>${icon("block")} ${t("inbox.unblock")}</button>`
        : html`<button type="button" class=${isAsked ? "button danger" : "button quiet danger"} disabled=${isBusy} onClick=${isAsked ? change : () => setAsked(true)}>
            ${icon("block")} ${t("inbox.block")}
          </button>`}
      ${isAsked && html`<button type="button" class="button quiet" onClick=${() => setAsked(false)}>${t("common.cancel")}</button>`}
    </div>
  </section>`;
}
