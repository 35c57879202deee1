// The operators' inbox: the list of conversations, the longest waiting first, and one open conversation.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { filterByLabel } from "../../features/labels/changes.js";
import { LabelFilter, labelsIn, useLabels } from "../../features/labels/labels.js";
import { filterByTeam } from "../../features/teams/changes.js";
import { TeamFilter, teamsIn, useTeams } from "../../features/teams/teams.js";
import { PARTS, conversations, countByPart, isOpen, filterByText, queue } from "../../model/support_queue.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { changeConversation } from "./change_conversation.js";
import { useClosedList } from "./closed_list.js";
import { Conversation } from "./conversation.js";
import { ConversationList } from "./list.js";
import { useMoreOpen } from "./more_open.js";
import { NoticeLine } from "./notice.js";
import { useTitle } from "../shared/title.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/support_queue.js").Part} Part */
/** @typedef {import("./change_conversation.js").Notice} Notice */

/** With this many conversations there is a filter. */
const FILTER_FROM = 8;

/** @param {{ room?: number }} props the conversation that is open */
export function Inbox({ room }) {
  const [notice, setNotice] = useState(/** @type {Notice | null} */ (null));
  useTitle(t("inbox.title"));
  useLabels();
  useTeams();
  return html`<main class="inbox-place"><div class=${room ? "inbox has-conversation" : "inbox"}>
    <${Queue} current=${room} notice=${notice} setNotice=${setNotice} />
    ${room
      ? html`<${Conversation} key=${room} room=${room} notice=${notice?.room === room ? notice : null} setNotice=${setNotice} />`
      : html`<div class="inbox-none"><div class="empty">${icon("inbox", { size: 40 })}<p>${t("inbox.choose")}</p></div></div>`}
  </div></main>`;
}

/** @param {{ current?: number, notice: Notice | null, setNotice: (notice: Notice | null) => void }} props */
function Queue({ current, notice, setNotice }) {
  const chat = useChat();
  const rooms = useSelected((state) => state.rooms);
  const me = useSelected((state) => state.me?.id);
  const isLoaded = useSelected((state) => state.isLoaded);
  const [part, setPart] = useState(/** @type {Part} */ ("waiting"));
  const [filter, setFilter] = useState("");
  const [label, setLabel] = useState(0);
  const [team, setTeam] = useState(0);
  const labels = useSelected(labelsIn);
  const teams = useSelected(teamsIn);
  const open = useMemo(() => conversations(rooms.values(), me), [rooms, me]);
  const closed = useClosedList(part === "closed", open.length);
  const leftOut = useSelected((state) => state.leftOut);
  const number = useMemo(() => countParts(open, me, leftOut), [open, me, leftOut]);
  const unloaded = useMoreOpen(part);
  const all = useMemo(() => (part === "closed" ? closed.infos : queue(open, part, me)), [open, part, me, closed.infos]);
  const { isBusy: isLoading, problem, more } = part === "closed" ? closed : unloaded;
  const isBusy = !isLoaded || isLoading;
  const infos = useMemo(
    () => filterByText(filterByLabel(labels, filterByTeam(teams, all, team), label), filter),
    [all, filter, labels, label, teams, team],
  );
  const isOfTeam = team !== 0 && filterByTeam(teams, all, team).length === 0;
  const isFiltered = filter !== "" || infos.length < all.length;

  const onKey = (/** @type {string} */ key, /** @type {RoomInfo} */ info) => {
    const change = keyAction(key, info, me);
    if (change) void changeConversation(chat, info, change.body, { done: t(change.done), setNotice });
    return change !== null;
  };
  return html`<section class="inbox-queue" aria-label=${t("inbox.title")}>
    <header class="inbox-head">
      <div class="inbox-title">
        <a class="icon-button place-back" href="/" aria-label=${t("shell.back")}>${icon("back")}</a>
        ${current ? html`<h2>${t("inbox.title")}</h2>` : html`<h1>${t("inbox.title")}</h1>`}
      </div>
      <${Parts} part=${part} number=${number} choose=${setPart} />
      ${(all.length >= FILTER_FROM || filter) && html`<${Filter} value=${filter} onInput=${setFilter} />`}
      <${TeamFilter} team=${team} onChoose=${setTeam} />
      <${LabelFilter} label=${label} onChoose=${setLabel} />
      <${NoticeLine} notice=${notice?.room === current ? null : notice} setNotice=${setNotice} />
    </header>
    <${ConversationList} key=${part} ...${{ infos, current, onKey, onEnd: more, loaded: all.length, isBusy }}>
      ${infos.length === 0 && html`<${EmptyList} ...${{ part, filter, isFiltered, isOfTeam, isBusy, problem }} />`}
    <//>
    <p class="inbox-keys soft small" aria-hidden="true">
      <kbd>↑</kbd> <kbd>↓</kbd> <kbd>↵</kbd>
      <span><kbd>c</kbd> ${t("inbox.claim")}</span>
      <span><kbd>e</kbd> ${t("inbox.close")}</span>
    </p>
  </section>`;
}

/** @param {{ part: Part, number: Record<string, number>, choose: (part: Part) => void }} props */
function Parts({ part, number, choose }) {
  return html`<fieldset class="segmented">
    <legend class="visually-hidden">${t("inbox.parts")}</legend>
    ${PARTS.map(
      (name) => html`<label key=${name}>
        <input type="radio" name="inbox-part" value=${name} checked=${part === name} onChange=${() => choose(name)} />
        <span>${t(`inbox.part_${name}`)}${number[name] > 0 && html` <span class="inbox-number">${number[name]}</span>`}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** @param {{ value: string, onInput: (value: string) => void }} props */
function Filter({ value, onInput }) {
  return html`<input
    type="search" aria-label=${t("inbox.filter")} placeholder=${t("inbox.filter")} value=${value} autocomplete="off"
    onInput=${(/** @type {any} */ event) => onInput(event.target.value)}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && onInput("")}
  />`;
}

/** @param {{ part: Part, filter: string, isFiltered: boolean, isOfTeam: boolean, isBusy: boolean, problem: string }} props `isOfTeam`: the team has none */
function EmptyList({ part, filter, isFiltered, isOfTeam, isBusy, problem }) {
  if (problem) return html`<div class="empty" role="alert"><p>${problem}</p></div>`;
  if (isBusy) return html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`;
  if (filter) return html`<div class="empty"><p>${t("inbox.none_found", { filter })}</p></div>`;
  if (isFiltered) return html`<div class="empty"><p>${t(isOfTeam ? "teams.none_found" : "labels.none_found")}</p></div>`;
  return html`<div class="empty">
    <span class="inbox-calm">${icon(part === "waiting" ? "check" : "inbox", { size: 28 })}</span>
    <h2>${t(`inbox.none_${part}`)}</h2>
    ${part === "waiting" && html`<p>${t("inbox.none_waiting_hint")}</p>`}
  </div>`;
}

/** @param {RoomInfo[]} open @param {number | undefined} me @param {import("../../model/types").State["leftOut"]} leftOut */
function countParts(open, me, leftOut) {
  const { waiting, mine, open: all } = countByPart(open, me);
  return { waiting: waiting + (leftOut?.waiting ?? 0), mine: mine + (leftOut?.mine ?? 0), open: all + (leftOut?.open ?? 0) };
}

/**
 * The change that a key makes to a conversation; null: none.
 * @param {string} key
 * @param {RoomInfo} info
 * @param {number | undefined} me
 * @returns {{ body: import("./change_conversation.js").ConversationChange, done: import("../../i18n/index.js").Key } | null}
 */
function keyAction(key, info, me) {
  if (key === "c" && me && info.support?.assignee?.id !== me) {
    return { body: { assignee: me, was: null }, done: "inbox.claimed" };
  }
  if (key === "e" && isOpen(info)) return { body: { state: "closed" }, done: "inbox.closed" };
  if (key === "o" && !isOpen(info)) return { body: { state: "open" }, done: "inbox.reopened" };
  return null;
}
