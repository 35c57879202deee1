// The panel of a room: its topic, members, notifications and files, and what its owner may change.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FolderMenu } from "../../features/folders/folder_menu.js";
import { parts } from "../../features/registry.js";
import { roomPath } from "../../model/panel.js";
import { isPersonal } from "../../model/attention.js";
import { rightsIn } from "../../model/rights.js";
import { FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { roomPicture } from "../controls/avatar.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { Banned, Members } from "./members.js";
import { roomIcon, roomName } from "../shared/names.js";
import { RoomFiles } from "./room_files.js";
import { navigate } from "../shared/router.js";

const FindPerson = lazy(() => import("./find_person.js"), "FindPerson");
const Invite = lazy(() => import("../../features/invites/invite_dialog.js"), "Invite");
const EditRoom = lazy(() => import("./edit_room.js"), "EditRoom");

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/rights.js").Rights} Rights */

const SHARED = /** @type {const} */ (["all", "mentions", "none"]);
/** In direct rooms every message counts as a mention. */
const PERSONAL = /** @type {const} */ (["mentions", "none"]);

/**
 * @param {{ room: number }} props
 */
export function RoomPanel({ room }) {
  const info = useSelected((state) => state.rooms.get(room)?.info);
  const me = useSelected((state) => state.me);
  const [opened, open] = useState(/** @type {"invite" | "add" | "edit" | null} */ (null));
  const hasCalls = useSelected((state) => state.server.calls);
  if (!info) return null;
  const rights = rightsIn(info, me);
  const close = () => open(null);
  return html`
    <${PanelHead} title=${t("room.about")} room=${room} />
    <div class="panel-body">
      <${About} info=${info} canEdit=${rights.canModerate} onEdit=${() => open("edit")} />
      ${info.kind !== "lobby" && html`<${Star} info=${info} /><${FolderMenu} info=${info} />`}
      <${Notify} info=${info} />
      ${(rights.canInvite || info.kind === "lobby") &&
      html`<button type="button" class="button primary wide" onClick=${() => open("invite")}>${icon("link")} ${t("room.invite")}</button>`}
      ${parts("RoomSection").map((RoomSection) => html`<${RoomSection} info=${info} rights=${rights} />`)}
      ${info.kind !== "support" && html`<${Members} info=${info} rights=${rights} onAdd=${() => open("add")} />`}
      ${rights.canModerate && info.kind === "room" && html`<${Banned} info=${info} />`}
      <${RoomFiles} info=${info} />
      <${RoomActions} info=${info} rights=${rights} />
      <p class="panel-note">${icon("eye", { size: 16 })} <span>${t("room.privacy_note")} ${!hasCalls && t("room.calls_note")}</span></p>
    </div>
    ${opened === "invite" && html`<${Invite} info=${info} onClose=${close} />`}
    ${opened === "edit" && html`<${EditRoom} info=${info} rights=${rights} onClose=${close} />`}
    ${opened === "add" && html`<${AddMember} info=${info} onClose=${close} />`}
  `;
}

/**
 * @param {{ title: string, room: number }} props
 */
export function PanelHead({ title, room }) {
  return html`<header class="panel-head">
    <h2>${title}</h2>
    <a class="icon-button" href=${roomPath(room)} aria-label=${t("common.close")}>${icon("close")}</a>
  </header>`;
}

/** @param {{ info: RoomInfo, canEdit: boolean, onEdit: () => void }} props */
function About({ info, canEdit, onEdit }) {
  const kind = info.others ? "group" : info.kind === "lobby" ? "lobby" : info.private ? "private" : "public";
  return html`<section class="room-about">
    <div class="room-about-head">
      <span class="room-about-picture">${roomPicture(info, icon(roomIcon(info), { size: 22 }))}</span>
      <div class="row-text">
        <h3 dir="auto">${roomName(info)}</h3>
        <p class="soft small">${t(`room.kind_${kind}`)}</p>
      </div>
      ${canEdit && html`<button type="button" class="icon-button" title=${t("room.edit")} onClick=${onEdit}>${icon("edit")}</button>`}
    </div>
    ${info.topic ? html`<p dir="auto">${info.topic}</p>` : canEdit && html`<p><button type="button" class="button quiet small" onClick=${onEdit}>${t("room.add_topic")}</button></p>`}
    ${info.archived && html`<p class="notice">${icon("archive")} ${t("room.archived_text")}</p>`}
  </section>`;
}

/** Stars a room: it is on top of this person's list. @param {{ info: RoomInfo }} props */
export function Star({ info }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const isOn = info.starred === true;
  const toggle = () => act(() => chat.call("PATCH", `/rooms/${info.id}/mine`, { starred: !isOn }));
  return html`<button type="button" class=${isOn ? "button quiet wide star is-on" : "button quiet wide star"} disabled=${isBusy} onClick=${toggle}>
      ${icon("star")} ${t(isOn ? "room.unstar" : "room.star")}
    </button>
    <${FormError} text=${error} />`;
}

/** @param {{ info: RoomInfo }} props */
export function Notify({ info }) {
  const chat = useChat();
  const { act, error } = useAction();
  const chosen = info.notify ?? "mentions";
  const isDirect = isPersonal(info);
  const choices = isDirect ? PERSONAL : SHARED;
  return html`<fieldset class="notify">
    <legend>${t("notify.title")}</legend>
    <div class="segmented">
      ${choices.map((choice) => {
        const isChosen = chosen === choice || (isDirect && choice === "mentions" && chosen === "all");
        return html`<label key=${choice}>
          <input type="radio" name="notify" checked=${isChosen} onChange=${() => act(() => chat.call("PATCH", `/rooms/${info.id}/mine`, { notify: choice }))} />
          ${t(isDirect && choice === "mentions" ? "notify.on" : `notify.${choice}`)}
        </label>`;
      })}
    </div>
    <${FormError} text=${error} />
  </fieldset>`;
}

/** The dialog that adds a person to the room. @param {{ info: RoomInfo, onClose: () => void }} props */
export function AddMember({ info, onClose }) {
  const chat = useChat();
  const title = t("room.add_title", { name: roomName(info) });
  return html`<${FindPerson} ...${{ title, onClose }} onPick=${(/** @type {{ id: number }} */ person) => chat.call("PUT", `/rooms/${info.id}/members/${person.id}`, {})} />`;
}

/** Leave, archive, delete; each asks for confirmation. @param {{ info: RoomInfo, rights: Rights }} props */
function RoomActions({ info, rights }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const { act, isBusy, error } = useAction();
  const name = roomName(info);
  /** @param {"leave" | "archive" | "delete"} what @param {() => Promise<unknown>} deed */
  const confirmed = async (what, deed) => {
    const isSure = await confirm({
      title: t(`room.${what}_title`, { name }),
      text: t(what === "leave" && info.others ? "room.leave_group_text" : `room.${what}_text`),
      action: t(`room.${what}`),
      danger: what !== "archive",
    });
    if (isSure) await act(deed);
  };
  const leave = () => confirmed("leave", () => chat.call("DELETE", `/rooms/${info.id}/members/${me}`).then(() => navigate("/")));
  const archive = () => confirmed("archive", () => chat.call("PATCH", `/rooms/${info.id}`, { archived: true }));
  const restore = () => act(() => chat.call("PATCH", `/rooms/${info.id}`, { archived: false }));
  const erase = () => confirmed("delete", () => chat.call("DELETE", `/rooms/${info.id}`).then(() => navigate("/")));
  if (info.kind !== "room") return null;
  return html`<section class="room-ends" aria-label=${t("room.more")}>
    ${rights.canArchive &&
    html`<button type="button" class="button quiet" disabled=${isBusy} onClick=${info.archived ? restore : archive}>${icon("archive")} ${t(info.archived ? "room.restore" : "room.archive")}</button>`}
    <button type="button" class="button quiet danger" disabled=${isBusy} onClick=${leave}>${icon("door")} ${t("room.leave")}</button>
    ${rights.isOwner && html`<button type="button" class="button quiet danger" disabled=${isBusy} onClick=${erase}>${icon("trash")} ${t("room.delete")}</button>`}
    <${FormError} text=${error} />
  </section>`;
}
