// The panel of a person: their profile, and actions: write, block, give a role in the room.

import { html, useEffect } from "../../vendor/preact.js";
import { FolderMenu } from "../../features/folders/folder_menu.js";
import { useBotsIn } from "../../features/bots/room_bots.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { rightsIn } from "../../model/rights.js";
import { useAction } from "../shared/action.js";
import { avatar, Presence } from "../controls/avatar.js";
import { StatusText } from "../controls/status.js";
import { useChat, useSelected } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { openDirect } from "./find_person.js";
import { icon } from "../controls/icon.js";
import { isProgram, programName, programTag } from "../shared/programs.js";
import { useLoaded } from "../shared/loading.js";
import { lazy } from "../shared/lazy.js";
import { useMember } from "./members.js";
import { personName, roomName } from "../shared/names.js";
import { Notify, PanelHead, Star } from "./room_panel.js";
import { navigate } from "../shared/router.js";

const CleanUp = lazy(() => import("./clean_up.js"), "CleanUp");

/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * @param {{ person: number, room: number }} props
 */
export function PersonPanel({ person: id, room }) {
  const chat = useChat();
  const known = useSelected((state) => state.people.get(id));
  const info = useSelected((state) => state.rooms.get(room)?.info);
  const found = useLoaded(() => chat.call("GET", `/people/${id}`), [id]);
  const person = known ?? /** @type {Person | undefined} */ (found.value);
  useEffect(() => chat.watch([id]), [chat, id]);
  return html`
    <${PanelHead} title=${t("person.about")} room=${room} />
    <div class="panel-body">
      ${person
        ? html`<${Card} person=${person} info=${info} />`
        : html`<div class="empty" aria-busy=${!found.error}><p>${found.error || t("common.loading")}</p></div>`}
    </div>`;
}

/** @param {{ person: Person, info?: RoomInfo }} props */
function Card({ person, info }) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const isBlocked = useSelected((state) => state.blocked.has(person.id));
  const { act, isBusy, error } = useAction();
  const hasCalls = useSelected((state) => state.server.calls);
  const isPeer = info?.kind === "direct";
  const isOfProgram = isProgram(person);
  const canCleanUp = useSelected((state) => info && rightsIn(info, state.me).canModerate && state.server.features.includes("clean_up"));
  const roles = person.roles ?? [];
  const hide = () =>
    act(async () => {
      await chat.call("PATCH", `/rooms/${info?.id}/mine`, { hidden: true });
      navigate("/");
    });
  return html`
    <section class="person-card">
      ${avatar(person, { size: "large", presence: true })}
      <h3 dir="auto">${isOfProgram ? programName(person) : personName(person)}</h3>
      ${isOfProgram && info && html`<${BotOf} person=${person} info=${info} />`}
      ${person.display && html`<p class="soft" dir="auto">${person.name}</p>`}
      <p><${Presence} id=${person.id} /></p>
      <${StatusText} person=${person} />
      ${roles.length > 0 && html`<p class="person-roles">${roles.map((role) => html`<span class="tag">${t(`server_role.${role}`)}</span>`)}</p>`}
    </section>
    ${person.id !== me &&
    !isOfProgram &&
    html`<div class="person-acts">
      ${!isPeer &&
      !isBlocked &&
      html`<button type="button" class="button primary wide" disabled=${isBusy} onClick=${() => act(() => openDirect(chat, person.id))}>
        ${icon("message")} ${t("person.write")}
      </button>`}
      ${isBlocked && html`<p class="notice">${icon("block")} <span>${t("person.blocked_text")}</span></p>`}
    </div>`}
    <${FormError} text=${error} />
    ${isPeer && info && html`<${Star} info=${info} /><${FolderMenu} info=${info} /><${Notify} info=${info} />`}
    ${info && (info.kind === "room" || info.kind === "lobby") && html`<${InRoom} person=${person} info=${info} />`}
    <section class="room-ends" aria-label=${t("person.more")}>
      ${isPeer && html`<button type="button" class="button quiet" disabled=${isBusy} onClick=${hide}>${icon("eye_off")} ${t("person.hide")}</button>`}
      ${person.id !== me && canCleanUp && html`<${CleanUp} person=${person} />`}
      ${person.id !== me && !isOfProgram && parts("PersonAction").map((Action) => html`<${Action} person=${person} />`)}
    </section>
    ${isPeer && html`<p class="panel-note">${icon("eye", { size: 16 })} <span>${t("room.privacy_note")} ${!hasCalls && t("room.calls_note")}</span></p>`}
  `;
}

/** Whose bot it is, and by which commands it is called. @param {{ person: Person, info: RoomInfo }} props */
function BotOf({ person, info }) {
  const bot = useBotsIn(info, true).get(person.id);
  return html`<p><span class="tag">${t(programTag(person))}</span></p>
    ${bot && html`<p class="soft">${[t("bots.of", { name: bot.owner.name }), ...(bot.commands ?? []).map((command) => `/${command}`)].join(" · ")}</p>`}`;
}

/** The person's role in this room, for its moderators and owners. @param {{ person: Person, info: RoomInfo }} props */
function InRoom({ person, info }) {
  const chat = useChat();
  const me = useSelected((state) => state.me);
  const { act, isBusy, error } = useAction();
  const { member, reload } = useMember(info, person.id);
  const rights = rightsIn(info, me);
  const mayRemove = rights.canModerate && info.kind === "room" && person.id !== me?.id && member?.role !== "owner";
  if (!member || (!rights.isOwner && !mayRemove)) return null;
  const path = `/rooms/${info.id}/members/${person.id}`;
  const names = { name: personName(person), room: roomName(info) };
  const give = async (/** @type {string} */ role) => {
    await act(() => chat.call("PUT", path, { role }));
    reload();
  };
  /** @param {"remove" | "ban"} what @param {() => Promise<unknown>} deed */
  const confirmed = async (what, deed) => {
    const isSure = await confirm({ title: t(`person.${what}_title`, names), text: t(`person.${what}_text`), action: t(`person.${what}`), danger: true });
    if (isSure && (await act(deed))) navigate(roomPath(info.id, { show: "room" }));
  };
  return html`<section class="person-room" aria-label=${t("person.in_room", names)}>
    <h3>${t("person.in_room", names)}</h3>
    ${rights.isOwner && !isProgram(person) && html`<${Role} role=${member.role ?? "member"} isBusy=${isBusy} onGive=${give} />`}
    ${mayRemove &&
    html`<div class="actions">
      <button type="button" class="button small" disabled=${isBusy} onClick=${() => confirmed("remove", () => chat.call("DELETE", path))}>${t("person.remove")}</button>
      ${!isProgram(person) && html`<button type="button" class="button small danger" disabled=${isBusy} onClick=${() => confirmed("ban", () => chat.call("PUT", path, { role: "banned" }))}>${t("person.ban")}</button>`}
    </div>`}
    <${FormError} text=${error} />
  </section>`;
}

/** @param {{ role: string, isBusy: boolean, onGive: (role: string) => void }} props */
function Role({ role, isBusy, onGive }) {
  return html`<fieldset>
    <legend>${t("person.role")}</legend>
    <div class="segmented">
      ${/** @type {const} */ (["member", "moderator", "owner"]).map(
        (one) => html`<label key=${one}>
          <input type="radio" name="role" checked=${one === role} disabled=${isBusy} onChange=${() => onGive(one)} /> ${t(`role.${one}`)}
        </label>`,
      )}
    </div>
  </fieldset>`;
}
