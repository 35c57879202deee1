// All rooms that people made, with search, size and activity; actions: rename, archive, delete, and whether new people start there.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { useChat } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { MoreButton, FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useDebounced, useLoaded, usePages } from "../shared/loading.js";
import { Menu } from "../controls/menu.js";
import { roomIcon, roomName } from "../shared/names.js";
import { dayAndTime } from "../shared/times.js";
import { RenameRoom } from "./rename_room.js";

/** @typedef {import("../../protocol").ListedRoom} ListedRoom */
/** @typedef {import("../../protocol").ListedRooms} ListedRooms */
/** @typedef {(room: ListedRoom, method: "PATCH" | "DELETE", body?: { name?: string, archived?: boolean }) => Promise<void>} Change */

export function RoomsPart() {
  const [text, setText] = useState("");
  return html`<p class="soft">${t("admin.rooms_hint")}</p>
    <input
      class="admin-search" type="search" value=${text} placeholder=${t("admin.rooms_search")} aria-label=${t("admin.rooms_search")}
      autocomplete="off" maxlength="64" onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    />
    <${List} text=${useDebounced(text.trim())} />`;
}

/** @param {{ text: string }} props */
function List({ text }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [renamed, rename] = useState(/** @type {ListedRoom | null} */ (null));
  const pages = usePages(async (after) => {
    const query = new URLSearchParams({ limit: "50", q: text, ...(after && { after: String(after) }) });
    const { rooms, next } = /** @type {ListedRooms} */ (await chat.call("GET", `/admin/rooms?${query}`));
    return { items: rooms, next };
  }, [text]);

  const starting = useLoaded(async () => {
    const { rooms } = /** @type {import("../../protocol").StartingRooms} */ (await chat.call("GET", "/admin/starting-rooms"));
    return rooms;
  }, []);
  /** Have new people start in a room, or no longer. @param {ListedRoom} room @param {boolean} isOn */
  const start = async ({ id }, isOn) => {
    const { rooms } = /** @type {import("../../protocol").StartingRooms} */ (await chat.call(isOn ? "PUT" : "DELETE", `/admin/starting-rooms/${id}`));
    starting.set(rooms);
    announce(t("admin.saved"));
  };
  const startsIn = (/** @type {ListedRoom} */ room) => starting.value?.includes(room.id) ?? false;

  /** @type {Change} */
  const change = async (room, method, body) => {
    const changed = /** @type {ListedRoom | null} */ (await chat.call(method, `/admin/rooms/${room.id}`, body));
    pages.update((rooms) => rooms.flatMap((each) => (each.id !== room.id ? [each] : changed?.id ? [changed] : [])));
    announce(t("admin.saved"));
  };
  /** @param {"archive" | "delete"} what @param {ListedRoom} room @param {() => Promise<void>} deed */
  const confirmed = async (what, room, deed) => {
    const question = { title: t(`room.${what}_title`, { name: room.name }), text: t(`room.${what}_text`), action: t(`room.${what}`) };
    if (await confirm({ ...question, danger: what === "delete" })) await act(deed);
  };
  /** @param {ListedRoom} room @returns {import("../controls/menu.js").Item[]} */
  const startActs = (room) => {
    const isOn = startsIn(room);
    if (!isOn && (room.private || room.archived)) return [];
    return [{ label: t(isOn ? "admin.rooms_start_remove" : "admin.rooms_start_add"), icon: "person", act: () => void act(() => start(room, !isOn)) }];
  };
  /** @param {ListedRoom} room @returns {import("../controls/menu.js").Item[]} */
  const acts = (room) => [
    { label: t("admin.rename"), icon: "edit", act: () => rename(room) },
    ...startActs(room),
    room.archived
      ? { label: t("room.restore"), icon: "archive", act: () => void act(() => change(room, "PATCH", { archived: false })) }
      : { label: t("room.archive"), icon: "archive", act: () => void confirmed("archive", room, () => change(room, "PATCH", { archived: true })) },
    { label: t("room.delete"), icon: "trash", isDanger: true, act: () => void confirmed("delete", room, () => change(room, "DELETE")) },
  ];
  return html`<${FormError} text=${error} />
    <ul class="list admin-rooms" aria-busy=${!pages.items || isBusy}>
      ${pages.items?.map((room) => html`<${Row} key=${room.id} room=${room} isStart=${startsIn(room) && !room.private} acts=${acts(room)} />`)}
    </ul>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("admin.rooms_none")}</p>`}
    <${MoreButton} pages=${pages} />
    ${renamed && html`<${RenameRoom} room=${renamed} change=${change} onClose=${() => rename(null)} />`}`;
}

/** @param {{ room: ListedRoom, isStart: boolean, acts: import("../controls/menu.js").Item[] }} props */
function Row({ room, isStart, acts }) {
  const { messages = 0, members = 0 } = room;
  const name = roomName(/** @type {any} */ (room));
  const about = [
    tn("room.members", members),
    tn("admin.rooms_messages", messages),
    room.last && t("admin.rooms_last", { time: dayAndTime(room.last) }),
    room.creator && t("admin.rooms_creator", { name: room.creator }),
  ];
  return html`<li class="row">
    <span class="room-picture">${icon(roomIcon(/** @type {any} */ (room)))}</span>
    <span class="row-text">
      <bdi class="row-title">${name}</bdi>
      <span class="row-note">${about.filter(Boolean).join(" · ")}</span>
    </span>
    <span class="row-end admin-tags">
      ${isStart && html`<span class="tag is-open">${t("admin.rooms_start")}</span>`}
      ${room.private && html`<span class="tag">${t("admin.rooms_private")}</span>`}
      ${room.archived && html`<span class="tag">${t("room.archived")}</span>`}
    </span>
    ${room.kind === "room" && html`<${Menu} label=${t("admin.rooms_acts", { name })} items=${acts} />`}
  </li>`;
}
