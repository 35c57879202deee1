// The sidebar: the server's name, links to all places, the rooms, and this person's menu.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { SavedLink } from "../../features/saved/saved_link.js";
import { avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { Menu } from "../controls/menu.js";
import { personName } from "../shared/names.js";
import { Status, useStatus } from "../controls/status.js";
import { RoomList } from "./room_list.js";

const Browse = lazy(() => import("../room/browse_rooms.js"), "Browse");
const NewMessage = lazy(() => import("../room/new_message.js"), "NewMessage");
const NewRoom = lazy(() => import("../room/new_room.js"), "NewRoom");
const StatusDialog = lazy(() => import("../../features/statuses/dialog.js"), "StatusDialog");
const ReportsLink = lazy(() => import("../../features/reports/reports_link.js"), "ReportsLink");

/**
 * @param {{ route: import("../shared/router.js").Route, onJump: () => void }} props
 */
export function Sidebar({ route, onJump }) {
  const server = useSelected((state) => state.server?.name) || t("shell.chat");
  const [opened, open] = useState(/** @type {"room" | "browse" | "person" | null} */ (null));
  const close = () => open(null);
  const isHome = route.screen === "home";
  const items = [
    { label: t("rooms.add_room"), icon: "hash", act: () => open("room") },
    { label: t("rooms.browse"), icon: "search", act: () => open("browse") },
    { label: t("rooms.add_person"), icon: "person", act: () => open("person") },
  ];
  return html`<nav class="sidebar" aria-label=${t("shell.rooms")}>
    <header class="sidebar-head">
      ${isHome ? html`<h1 class="sidebar-server" dir="auto">${server}</h1>` : html`<p class="sidebar-server" dir="auto">${server}</p>`}
      <${Menu} label=${t("shell.new")} items=${items}>${icon("add")}<//>
    </header>
    <div class="sidebar-ways">
      <button type="button" class="sidebar-jump" onClick=${onJump} aria-keyshortcuts="Control+K">
        ${icon("jump", { size: 18 })} <span>${t("shell.jump")}</span> <kbd>${t("shell.jump_key")}</kbd>
      </button>
      <${PlaceLinks} screen=${route.screen} />
    </div>
    <${RoomList} current=${route.room} onNew=${open} />
    <${EmptySidebar} onNew=${open} />
    <${OwnMenu} />
    ${opened === "room" && html`<${NewRoom} onClose=${close} />`}
    ${opened === "browse" && html`<${Browse} onClose=${close} onNew=${() => open("room")} />`}
    ${opened === "person" && html`<${NewMessage} onClose=${close} />`}
  </nav>`;
}

/** Links to the screens other than rooms. @param {{ screen: string }} props */
function PlaceLinks({ screen }) {
  const roles = useSelected((state) => state.me?.roles ?? []);
  const unanswered = useSelected((state) => {
    let count = state.leftOut?.waiting ?? 0;
    for (const { info } of state.rooms.values()) if (info.support?.waiting_since && info.support.person.id !== state.me?.id) count += 1;
    return count;
  });
  /** @param {"search" | "inbox" | "admin"} name @param {import("../controls/icon.js").IconName} image @param {number} [count] */
  const placeLink = (name, image, count = 0) => html`<a class="way" href=${`/${name}`} aria-current=${screen === name ? "page" : undefined}>
    ${icon(image, { size: 18 })} <span>${t(`shell.${name}`)}</span>
    ${count > 0 && html`<span class="badge is-mention">${count}<span class="visually-hidden"> ${t("shell.unanswered")}</span></span>`}
  </a>`;
  return html`
    ${placeLink("search", "search")}
    <${SavedLink} isCurrent=${screen === "saved"} />
    ${roles.includes("operator") && placeLink("inbox", "inbox", unanswered)}
    ${(roles.includes("moderator") || roles.includes("admin")) && html`<${ReportsLink} isCurrent=${screen === "reports"} />`}
    ${roles.includes("admin") && placeLink("admin", "shield")}
  `;
}

/** Suggestions for a person who is only in the lobby. @param {{ onNew: (what: "room" | "browse") => void }} props */
function EmptySidebar({ onNew }) {
  const isAlone = useSelected((state) => state.isLoaded && state.rooms.size < 2 && !state.me?.roles?.includes("guest"));
  if (!isAlone) return null;
  return html`<div class="sidebar-empty">
    <p>${t("rooms.empty")}</p>
    <button type="button" class="button primary wide" onClick=${() => onNew("room")}>${icon("add")} ${t("rooms.add_room")}</button>
    <button type="button" class="button quiet wide" onClick=${() => onNew("browse")}>${t("rooms.browse")}</button>
  </div>`;
}

function OwnMenu() {
  const me = useSelected((state) => state.me);
  return me && html`<${Self} me=${me} />`;
}

/** @param {{ me: import("../../model/types").Me }} props */
function Self({ me }) {
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  const hasStatuses = useSelected((state) => state.server.features.includes("statuses") && !me.roles?.includes("guest"));
  const status = useStatus(me);
  const [isStatusOpen, setStatusOpen] = useState(false);
  const logOut = async () => {
    const waiting = chat.get().outbox.length;
    const isSure = await confirm({
      title: t("shell.log_out_title"),
      text: t(waiting > 0 ? "shell.log_out_waiting" : "shell.log_out_text"),
      action: t("shell.log_out"),
      danger: waiting > 0,
    });
    if (isSure) await chat.logOut();
  };
  const items = [
    hasStatuses && { label: t(status ? "statuses.change" : "statuses.set"), icon: "react", act: () => setStatusOpen(true) },
    { label: t("shell.settings"), icon: "settings", href: "/settings" },
    { label: t("shell.notifications"), icon: "bell", href: "/settings/notifications" },
    { label: t("shell.keys"), icon: "help", href: "/settings/keys" },
    { label: t("shell.log_out"), icon: "door", act: logOut, isDanger: true },
  ];
  return html`<footer class="sidebar-self">
    <${Menu} class="row self" isNamed label=${t("shell.self", { name: personName(me) })} items=${items}>
      <span class="self-picture">${avatar(me)}<span class=${`avatar-dot ${isLive ? "" : "is-away"}`}></span></span>
      <span class="row-text">
        <bdi class="row-title">${personName(me)}<${Status} person=${me} /></bdi>
        <span class="row-note" dir="auto">${(isLive && status?.text) || t(isLive ? "presence.online" : "presence.unconnected")}</span>
      </span>
      <span class="visually-hidden">${t("shell.self_menu")}</span>
      ${icon("more")}
    <//>
    ${isStatusOpen && html`<${StatusDialog} status=${status} onClose=${() => setStatusOpen(false)} />`}
  </footer>`;
}
