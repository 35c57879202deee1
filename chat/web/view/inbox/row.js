// One conversation in the list: person, waiting time, last message, assignee, and who looks or types.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { RowLabels } from "../../features/labels/labels.js";
import { TeamMark } from "../../features/teams/teams.js";
import { visitor } from "../../model/support_queue.js";
import { avatar } from "../controls/avatar.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";
import { navigate } from "../shared/router.js";
import { shortTime } from "../shared/times.js";
import { useOthers } from "./viewing.js";
import { WaitingTime } from "./waiting_time.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * @param {{
 *   id: string, info: RoomInfo, me?: number, now: number, isActive: boolean, isCurrent: boolean, place: number,
 *   count: number,
 * }} props
 */
export function ConversationRow({ id, info, me, now, isActive, isCurrent, place, count }) {
  const person = visitor(info);
  const since = info.support?.waiting_since;
  const classes = ["row conversation", isActive && "is-active", (info.unread ?? 0) > 0 && "is-unread"];
  return html`<li
    class=${classes.filter(Boolean).join(" ")} id=${id} role="option" aria-selected=${isCurrent} aria-setsize=${count}
    aria-posinset=${place} onClick=${() => navigate(`/inbox/${info.id}`)}
  >
    ${avatar(person)}
    <span class="row-text">
      <span class="conversation-head">
        <bdi class="conversation-name">${personName(person)}</bdi>
        ${since != null
          ? html`<${WaitingTime} since=${since} now=${now} />`
          : info.last && html`<span class="soft small">${shortTime(info.last.at, now)}</span>`}
      </span>
      <span class="row-note" dir="auto">${lastLine(info, me)}</span>
      <${Assignee} info=${info} me=${me} now=${now} person=${person.id} />
    </span>
  </li>`;
}

/** @param {{ info: RoomInfo, me?: number, now: number, person: number }} props */
function Assignee({ info, me, now, person }) {
  const [other] = useOthers(info.id, person, now);
  const assignee = info.support?.assignee;
  return html`<span class="conversation-foot">
    ${assignee
      ? html`<span class="conversation-holder">${assignee.id === me ? t("inbox.yours") : html`<bdi>${assignee.name}</bdi>`}</span>`
      : html`<span class="conversation-holder is-nobody">${t("inbox.nobodys")}</span>`}
    <${TeamMark} room=${info.id} />
    <${RowLabels} room=${info.id} />
    ${other &&
    html`<span class="conversation-other">${icon(other.what === "typing" ? "edit" : "eye", { size: 14 })}
      ${t(other.what === "typing" ? "inbox.types" : "inbox.looks", { name: other.name })}</span>`}
  </span>`;
}

/** @param {RoomInfo} info @param {number | undefined} me @returns {string} */
function lastLine(info, me) {
  const { last } = info;
  if (!last) return t("inbox.nothing_said");
  const text = last.deleted ? t("inbox.deleted") : last.text || t("inbox.file");
  if (last.sender.id === visitor(info).id) return text;
  return `${last.sender.id === me ? t("inbox.you") : last.sender.name}: ${text}`;
}
