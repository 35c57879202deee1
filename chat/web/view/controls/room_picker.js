// Finds a room in which this person may write, by a part of its name; the latest come first.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { rightsIn } from "../../model/rights.js";
import { fold } from "../../model/room_list.js";
import { useSelected } from "../shared/context.js";
import { roomIcon, roomName } from "../shared/names.js";
import { avatar, roomPicture } from "./avatar.js";
import { Field } from "./fields.js";
import { icon } from "./icon.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** The most rooms that are offered. */
const MOST = 8;

/** @param {{ isBusy?: boolean, onPick: (info: RoomInfo) => unknown, children?: unknown }} props `children` stand between the field and the rooms */
export function RoomPicker({ isBusy = false, onPick, children }) {
  const [filter, setFilter] = useState("");
  const found = useWritable(filter);
  return html`
    <${Field} label=${t("rooms.pick")} type="search" value=${filter} onInput=${setFilter} autofocus />
    ${children}
    ${found.length === 0 && html`<p class="soft">${t("rooms.none", { filter: filter.trim() })}</p>`}
    <ul class="list find-list">
      ${found.map(
        (info) => html`<li key=${info.id}>
          <button type="button" class="row" disabled=${isBusy} onClick=${() => onPick(info)}>
            <span class="room-picture">${info.peer ? avatar(info.peer, { size: "small" }) : roomPicture(info, icon(roomIcon(info)))}</span>
            <bdi class="row-text row-title">${roomName(info)}</bdi>
          </button>
        </li>`,
      )}
    </ul>`;
}

/** @param {string} filter @returns {RoomInfo[]} */
function useWritable(filter) {
  const rooms = useSelected((state) => state.rooms);
  const me = useSelected((state) => state.me);
  return useMemo(() => {
    const wanted = fold(filter.trim());
    return [...rooms.values()]
      .map(({ info }) => info)
      .filter((info) => rightsIn(info, me).canSpeak && fold(roomName(info)).includes(wanted))
      .sort((one, other) => lastAt(other) - lastAt(one))
      .slice(0, MOST);
  }, [rooms, me, filter]);
}

/** @param {RoomInfo} info */
function lastAt(info) {
  return info.last?.at ?? info.at ?? 0;
}
