// One room in the list: picture, name, unread mark, and on a phone the last message.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { attention } from "../../model/room_list.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { preview } from "../../model/text.js";
import { avatar, roomPicture } from "../controls/avatar.js";
import { useSelected } from "../shared/context.js";
import { Status } from "../controls/status.js";
import { icon } from "../controls/icon.js";
import { personName, roomIcon, roomName } from "../shared/names.js";
import { shortTime } from "../shared/times.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").Message} Message */

/**
 * @param {{ info: RoomInfo, isCurrent: boolean, isTabStop: boolean }} props
 */
export function RoomRow({ info, isCurrent, isTabStop }) {
  const me = useSelected((state) => state.me?.id);
  const isBlocked = useSelected((state) => info.last !== undefined && state.blocked.has(info.last.sender.id));
  const { isUnread, count, isMuted } = attention(info);
  const classes = ["room", isUnread && "is-unread", isMuted && "is-muted", info.archived && "is-archived"];
  return html`<a
    class=${classes.filter(Boolean).join(" ")} href=${hrefOf(info, me)} tabindex=${isTabStop ? 0 : -1}
    aria-current=${isCurrent ? "page" : undefined}
  >
    <span class="room-picture">
      ${info.peer ? avatar(info.peer, { size: "small", presence: info.kind === "direct" }) : roomPicture(info, icon(roomIcon(info)))}
    </span>
    <span class="room-text">
      <bdi class="room-name">${roomName(info)}${info.kind === "direct" && info.peer && html`<${Status} person=${info.peer} />`}</bdi>
      ${info.last && html`<span class="room-last" dir="auto">${isBlocked ? t("timeline.blocked") : lastLine(info.last, info, me)}</span>`}
    </span>
    <span class="room-end">
      ${info.last && html`<span class="room-time">${shortTime(info.last.at)}</span>`}
      <${Mark} ...${{ isUnread, count, isMuted }} />
    </span>
  </a>`;
}

/** @param {{ isUnread: boolean, count: number, isMuted: boolean }} props */
function Mark({ isUnread, count, isMuted }) {
  if (isMuted) return html`<span class="room-muted" title=${t("rooms.muted")}>${icon("bell_off")}<span class="visually-hidden">${t("rooms.muted")}</span></span>`;
  if (count > 0) {
    return html`<span class="badge is-mention">${count > 99 ? "99+" : count}<span class="visually-hidden"> ${t("rooms.for_you")}</span></span>`;
  }
  return isUnread && html`<span class="room-new"><span class="visually-hidden">${t("rooms.unread")}</span></span>`;
}

/** Other people's support conversations open in the inbox. @param {RoomInfo} info @param {number | undefined} me */
function hrefOf(info, me) {
  return `${isSomeoneElses(info, me) ? "/inbox" : "/room"}/${info.id}`;
}

/** @param {Message} message @param {RoomInfo} info @param {number | undefined} me @returns {string} */
function lastLine(message, info, me) {
  const name = message.sender.id === me ? t("you") : personName(message.sender);
  if (message.deleted) return t("rooms.last_deleted");
  if (message.kind === "join") return t("rooms.last_joined", { name });
  const text = preview(message.text ?? "") || t("rooms.last_file");
  return info.kind === "direct" && message.sender.id !== me ? text : `${name}: ${text}`;
}
