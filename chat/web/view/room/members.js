// A room's members with their roles, and its banned people.

import { html, useEffect, useMemo } from "../../vendor/preact.js";
import { useBotsIn } from "../../features/bots/room_bots.js";
import { t, tn } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { useAction } from "../shared/action.js";
import { avatar } from "../controls/avatar.js";
import { Status } from "../controls/status.js";
import { useChat, useSelected } from "../shared/context.js";
import { MoreButton, FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { isProgram, programName, programTag } from "../shared/programs.js";
import { useLoaded, usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").Person} Person */
/** @typedef {{ person: Person, role: "member" | "moderator" | "owner" | "banned", joined: number }} Member */

/**
 * @param {{ info: RoomInfo, rights: import("../../model/rights.js").Rights, onAdd: () => void }} props
 */
export function Members({ info, rights, onAdd }) {
  const chat = useChat();
  const pages = useMembers(info);
  const presence = useSelected((state) => state.presence);
  const ids = (pages.items ?? []).slice(0, 200).map(({ person }) => person.id).join();
  useEffect(() => (ids ? chat.watch(ids.split(",").map(Number)) : undefined), [chat, ids]);
  const bots = useBotsIn(info, pages.items?.some(({ person }) => isProgram(person)) ?? false);
  const sorted = useMemo(() => inOrder(pages.items ?? [], presence), [pages.items, presence]);
  return html`<section class="members" aria-labelledby="members-title">
    <header class="members-head">
      <h3 id="members-title">${tn("room.members", info.members ?? 0)}</h3>
      ${rights.canAddMembers &&
      html`<button type="button" class="icon-button" title=${t("room.add")} onClick=${onAdd}>${icon("add")}</button>`}
    </header>
    <ul class="list" aria-busy=${!pages.items}>
      ${sorted.map((member) => html`<${MemberRow} key=${member.person.id} member=${member} room=${info.id} bot=${bots.get(member.person.id)} />`)}
    </ul>
    <${MoreButton} pages=${pages} />
  </section>`;
}

/** @param {{ member: Member, room: number, bot?: import("../../protocol").BotHere }} props `bot`: what is known of a bot */
function MemberRow({ member: { person, role }, room, bot }) {
  const me = useSelected((state) => state.me?.id);
  return html`<li>
    <a class="row" href=${roomPath(room, { show: "person", person: person.id })}>
      ${avatar(person, { presence: true })}
      <span class="row-text">
        <bdi class="row-title">${isProgram(person) ? programName(person) : personName(person)}<${Status} person=${person} /></bdi>
        ${person.display && html`<bdi class="row-note">${person.name}</bdi>`}
        ${bot && html`<span class="row-note">${[t("bots.of", { name: bot.owner.name }), ...(bot.commands ?? []).map((command) => `/${command}`)].join(" · ")}</span>`}
      </span>
      <span class="row-end">
        ${isProgram(person) && html`<span class="tag">${t(programTag(person))}</span>`}
        ${person.id === me && html`<span class="soft small">${t("you")}</span>`}
        ${role && role !== "member" && html`<span class="tag">${t(`role.${role}`)}</span>`}
      </span>
    </a>
  </li>`;
}

/**
 * The banned people, with a button that lifts the ban.
 * @param {{ info: RoomInfo }} props
 */
export function Banned({ info }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const pages = useMembers(info, "banned");
  const lift = async (/** @type {Person} */ person) => {
    if (await act(() => chat.call("DELETE", `/rooms/${info.id}/members/${person.id}`))) pages.reload();
  };
  if (!pages.items?.length) return null;
  return html`<section class="members">
    <h3>${t("room.banned")}</h3>
    <ul class="list">
      ${pages.items.map(
        ({ person }) => html`<li key=${person.id} class="row">
          ${avatar(person)}
          <span class="row-text"><bdi class="row-title">${personName(person)}</bdi></span>
          <button type="button" class="button small" disabled=${isBusy} onClick=${() => lift(person)}>${t("room.lift_ban")}</button>
        </li>`,
      )}
    </ul>
    <${FormError} text=${error} />
    <${MoreButton} pages=${pages} />
  </section>`;
}

/**
 * A room's members with their current roles; loaded again when their number changes.
 * @param {RoomInfo} info
 * @param {"banned"} [role]
 */
export function useMembers(info, role) {
  const chat = useChat();
  const roles = useSelected((state) => state.rooms.get(info.id)?.roles);
  const pages = usePages(async (after) => {
    const query = new URLSearchParams({ limit: "100", ...(role && { role }), ...(after && { after: String(after) }) });
    const { members, next } = /** @type {{ members: Member[], next?: number }} */ (await chat.call("GET", `/rooms/${info.id}/members?${query}`));
    return { items: members, next };
  }, [info.id, info.members, info.role]);
  const items = useMemo(() => pages.items?.map((one) => withRole(one, roles?.get(one.person.id))), [pages.items, roles]);
  return { ...pages, items: role === "banned" ? pages.items : items };
}

/**
 * A person's membership with the current role; undefined for non-members, and while it is unknown.
 * @param {RoomInfo} info
 * @param {number} person
 */
export function useMember(info, person) {
  const chat = useChat();
  const role = useSelected((state) => state.rooms.get(info.id)?.roles.get(person));
  const found = useLoaded(async () => {
    // The list is ordered by id.
    const { members } = /** @type {{ members: Member[] }} */ (await chat.call("GET", `/rooms/${info.id}/members?limit=1&after=${person - 1}`));
    return members.filter((one) => one.person.id === person);
  }, [info.id, info.members, info.role, person]);
  return { member: found.value?.map((one) => withRole(one, role)).at(0), reload: found.reload };
}

/** @param {Member} member @param {Member["role"] | undefined} role changed since the list was loaded @returns {Member} */
function withRole(member, role) {
  return role === undefined || role === member.role ? member : { ...member, role };
}

/** Sort by presence, then by role, then by name. @param {Member[]} members @param {ReadonlyMap<number, string>} presence */
function inOrder(members, presence) {
  const roles = ["owner", "moderator", "member", "banned"];
  const rank = (/** @type {Member} */ { person, role }) =>
    (presence.get(person.id) === "online" ? 0 : roles.length) + roles.indexOf(role ?? "member");
  return members.toSorted((one, other) => rank(one) - rank(other) || personName(one.person).localeCompare(personName(other.person)));
}
