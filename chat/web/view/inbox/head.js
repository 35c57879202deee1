// A conversation's header: the person, their address and page, and the actions.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { ConversationLabels } from "../../features/labels/labels.js";
import { TeamMark } from "../../features/teams/teams.js";
import { isOpen, visitor } from "../../model/support_queue.js";
import { Presence, avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { Menu } from "../controls/menu.js";
import { Verified } from "../controls/verified.js";
import { personName } from "../shared/names.js";
import { PersonCard } from "./person_card.js";
import { HandOver } from "./hand_over.js";
import { PageLink } from "./page_link.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("./change_conversation.js").ConversationChange} ConversationChange */

/** @param {{ info: RoomInfo, change: (body: ConversationChange, done: string) => Promise<boolean>, onChanged: (info: RoomInfo) => void }} props */
export function ConversationHead({ info, change, onChanged }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const [isHandedOver, setHandedOver] = useState(false);
  const [isCardOpen, setCardOpen] = useState(false);
  const person = visitor(info);
  const holder = info.support?.assignee ?? null;
  useEffect(() => chat.watch([person.id]), [chat, person.id]);

  const claim = () => change({ assignee: me, was: holder?.id ?? null }, t("inbox.claimed"));
  const give = (/** @type {{ id: number, name: string }} */ to) => {
    setHandedOver(false);
    void change({ assignee: to.id, was: holder?.id ?? null }, t("inbox.handed_over", { name: to.name }));
  };
  /** To a team: the server frees the conversation, too. @param {{ id: number, name: string }} team */
  const giveTeam = (team) => {
    setHandedOver(false);
    void change({ team: team.id, was: holder?.id ?? null }, t("inbox.handed_over", { name: team.name }));
  };
  const giveBack = () => change({ assignee: null, was: holder?.id ?? null }, t("inbox.given_back"));
  return html`<header class="conversation-bar">
    <a class="icon-button conversation-back" href="/inbox" aria-label=${t("inbox.back")}>${icon("back")}</a>
    ${avatar(person, { presence: true })}
    <div class="conversation-who">
      <h1 dir="auto"><button type="button" class="conversation-person" aria-haspopup="dialog" onClick=${() => setCardOpen(true)}>${personName(person)}</button>${person.verified && html` <${Verified} />`}</h1>
      <p class="soft small"><${Presence} id=${person.id} />${person.blocked && html`<span class="tag is-disabled">${t("inbox.blocked")}</span>`}<${ContactDetails} person=${person} /> <${TeamMark} room=${info.id} /></p>
      <${ConversationLabels} room=${info.id} />
    </div>
    <div class="conversation-actions">
      ${isOpen(info) && !holder && html`<button type="button" class="button small primary" onClick=${claim}>${t("inbox.claim")}</button>`}
      ${isOpen(info) &&
      html`<button type="button" class="button small" onClick=${() => change({ state: "closed" }, t("inbox.closed"))}>
        ${icon("check", { size: 16 })} ${t("inbox.close")}
      </button>
      <${Menu}
        label=${t("inbox.more")}
        items=${[
          holder && holder.id !== me && { label: t("inbox.take_over", { name: holder.name }), icon: "person", act: claim },
          { label: t("inbox.hand_over"), icon: "share", act: () => setHandedOver(true) },
          holder && { label: t("inbox.give_back"), icon: "inbox", act: giveBack },
        ]}
      />`}
    </div>
    ${isCardOpen && html`<${PersonCard} info=${info} onChanged=${onChanged} onClose=${() => setCardOpen(false)} />`}
    ${isHandedOver && html`<${HandOver} info=${info} onClose=${() => setHandedOver(false)} onChosen=${give} onTeam=${giveTeam} />`}
  </header>`;
}

/** A visitor's email address, and the page that they are on. @param {{ person: ReturnType<typeof visitor> }} props */
function ContactDetails({ person }) {
  const { email, page } = person;
  return html`
    ${email && html`<a href=${`mailto:${email}`}>${email}</a>`}
    ${page && html`<span class="conversation-page" title=${page}>
      ${t("inbox.on_page")} <${PageLink} page=${page} />
    </span>`}`;
}
