// The dialog that forwards a message: to whom, and with which words.

import { html, useMemo, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { rightsIn } from "../../model/rights.js";
import { fold } from "../../model/room_list.js";
import { avatar, roomPicture } from "../../view/controls/avatar.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { roomIcon, roomName } from "../../view/shared/names.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** The most rooms that are offered. */
const MOST = 8;

/** @param {import("../feature").MessageDialogProps} props */
export function Forward({ message, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [text, setText] = useState("");
  const [filter, setFilter] = useState("");
  const targets = useTargets(filter);
  const key = useMemo(() => crypto.randomUUID(), [text]);
  const forward = (/** @type {RoomInfo} */ info) =>
    act(async () => {
      const where = `/rooms/${message.room}/messages/${message.seq}/forward`;
      await chat.call("POST", where, { to: info.id, key: `${key}-${info.id}`, text: text.trim() });
      announce(t("forwarding.done", { name: roomName(info) }));
      onClose();
    });
  return html`<${Dialog} title=${t("forwarding.title")} onClose=${onClose}>
    <div class="form">
      <${Field} label=${t("forwarding.filter")} type="search" value=${filter} onInput=${setFilter} autofocus />
      <${Field} label=${t("forwarding.text")} value=${text} onInput=${setText} maxlength="1000" />
      <${FormError} text=${error} />
      ${targets.length === 0 && html`<p class="soft">${t("forwarding.none", { filter: filter.trim() })}</p>`}
      <ul class="list find-list">
        ${targets.map(
          (info) => html`<li key=${info.id}>
            <button type="button" class="row" disabled=${isBusy} onClick=${() => forward(info)}>
              <span class="room-picture">${info.peer ? avatar(info.peer, { size: "small" }) : roomPicture(info, icon(roomIcon(info)))}</span>
              <bdi class="row-text row-title">${roomName(info)}</bdi>
            </button>
          </li>`,
        )}
      </ul>
    </div>
  <//>`;
}

/** Rooms in which this person may write, the latest first. @param {string} filter @returns {RoomInfo[]} */
function useTargets(filter) {
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
