// A room in the middle of the page: its header, timeline, composer and panel.

import { html, useEffect } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t, tn } from "../../i18n/index.js";
import { countAttention } from "../../model/attention.js";
import { roomPath } from "../../model/panel.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { avatar, Presence, roomPicture } from "../controls/avatar.js";
import { Composer } from "../composer/composer.js";
import { NO_EMOJI, useStatus } from "../controls/status.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { lazy } from "../shared/lazy.js";
import { PHONE, useMedia } from "../shared/media.js";
import { roomIcon, roomName } from "../shared/names.js";
import { currentRoute, navigate } from "../shared/router.js";
import { Timeline } from "../timeline/timeline.js";
import { useTitle } from "../shared/title.js";

const MissingRoom = lazy(() => import("./missing_room.js"), "MissingRoom");
const FilesPanel = lazy(() => import("./files_panel.js"), "FilesPanel");
const PersonPanel = lazy(() => import("./person_panel.js"), "PersonPanel");
const RoomPanel = lazy(() => import("./room_panel.js"), "RoomPanel");
const ThreadPanel = lazy(() => import("./thread_panel.js"), "ThreadPanel");

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/panel.js").Panel} Panel */

const LABELS = /** @type {const} */ ({ room: "room.about", files: "room.files", person: "person.about", thread: "threads.title" });

/**
 * @param {{ room: number, seq?: number, panel: Panel | null }} props
 */
export function RoomPlace({ room, seq, panel }) {
  const info = useSelected((state) => state.rooms.get(room)?.info);
  const isLoaded = useSelected((state) => state.isLoaded);
  const isDesk = useSelected((state) => info !== undefined && isSomeoneElses(info, state.me?.id));
  useTitle(info ? roomName(info) : "");
  useEffect(() => {
    if (isDesk && currentRoute().room === room) navigate(`/inbox/${room}${seq ? `?at=${seq}` : ""}`, { replace: true });
  }, [isDesk, room, seq]);
  if (!info) return isLoaded ? html`<${Missing} room=${room} seq=${seq} />` : html`<${Loading} />`;
  return html`<div class="room-place">
    <main class="room-main">
      <${Head} info=${info} panel=${panel} />
      <${Timeline} room=${room} seq=${seq} />
      <${Composer} room=${room} />
    </main>
    ${panel &&
    html`<aside class=${panel.show === "thread" ? "panel thread-panel" : "panel"} aria-label=${t(LABELS[panel.show])}>
      ${panel.show === "room" && html`<${RoomPanel} key="room" room=${room} />`}
      ${panel.show === "files" && html`<${FilesPanel} key="files" room=${room} />`}
      ${panel.show === "person" && html`<${PersonPanel} key=${panel.person} person=${panel.person} room=${room} />`}
      ${panel.show === "thread" && html`<${ThreadPanel} key=${`thread-${panel.seq}`} seq=${panel.seq} room=${room} />`}
    </aside>`}
  </div>`;
}

/** @param {{ info: RoomInfo, panel: Panel | null }} props */
function Head({ info, panel }) {
  const isDirect = info.kind === "direct" && info.peer;
  const isPublic = useSelected((state) => info.kind === "lobby" && state.server.lobby === "open");
  const opened = info.peer ? { show: /** @type {const} */ ("person"), person: info.peer.id } : { show: /** @type {const} */ ("room") };
  const isOpen = panel !== null && panel.show !== "thread";
  const toggle = isOpen ? roomPath(info.id) : roomPath(info.id, isDirect ? opened : { show: "room" });
  return html`<header class="place-head">
    <${Back} room=${info.id} />
    <span class="place-picture">${info.peer ? avatar(info.peer, { presence: true }) : roomPicture(info, icon(roomIcon(info), { size: 22 }))}</span>
    <div class="place-title" onClick=${() => getSelection()?.isCollapsed !== false && navigate(toggle)}>
      <h1 dir="auto" tabindex="-1">${roomName(info)}</h1>
      ${isDirect ? html`<${PeerPresence} peer=${info.peer} />` : info.topic && html`<p class="place-topic" dir="auto" title=${info.topic}>${info.topic}</p>`}
    </div>
    <div class="place-tools">
      ${info.archived && html`<span class="tag">${t("room.archived")}</span>`}
      ${isPublic && html`<span class="tag is-open" title=${t("room.open_lobby_text")}>${icon("eye", { size: 14 })} ${t("room.open_lobby")}</span>`}
      ${parts("RoomTool").map((Tool) => html`<${Tool} info=${info} />`)}
      <a class="icon-button" href=${`/search?q=${encodeURIComponent(`in:"${roomName(info)}" `)}`} title=${t("room.search")}>
        ${icon("search")}
      </a>
      <a class=${`icon-button place-members ${isOpen ? "is-on" : ""}`} href=${toggle} aria-label=${aboutLabel(info)} title=${aboutLabel(info)} aria-expanded=${isOpen}>
        ${icon(isDirect ? "person" : "people")} ${!isDirect && info.kind !== "support" && html`<span>${info.members}</span>`}
      </a>
    </div>
  </header>`;
}

/** On a phone, the link to the rooms, with the number of messages in other rooms that deserve attention. @param {{ room: number }} props */
function Back({ room }) {
  const isPhone = useMedia(PHONE);
  const count = useSelected(({ rooms }) => (isPhone ? countAttention([...rooms.values()].filter(({ info }) => info.id !== room)).count : 0));
  const label = count > 0 ? `${t("shell.back")}, ${count} ${t("rooms.for_you")}` : t("shell.back");
  return html`<a class="icon-button place-back" href="/" aria-label=${label}>
    ${icon("back")} ${count > 0 && html`<span class="badge is-mention" aria-hidden="true">${count > 99 ? "99+" : count}</span>`}
  </a>`;
}

/** @param {RoomInfo} info */
function aboutLabel(info) {
  return info.kind === "direct" || info.kind === "support" ? t("room.about") : tn("room.about_members", info.members ?? 0);
}

/** @param {{ peer: import("../../model/types").Person }} props */
function PeerPresence({ peer }) {
  const chat = useChat();
  const { id } = peer;
  const status = useStatus(peer);
  useEffect(() => chat.watch([id]), [chat, id]);
  return html`<p class="place-topic"><${Presence} id=${id} />${status && html` <span class="place-status">· ${status.emoji ?? NO_EMOJI} <bdi>${status.text}</bdi></span>`}</p>`;
}

function Loading() {
  return html`<main class="place-body"><div class="empty" aria-busy="true"><span class="spinner"></span><p>${t("common.loading")}</p></div></main>`;
}

/** A room that this person is not in: a link led here, or they were removed. @param {{ room: number, seq?: number }} props */
function Missing({ room, seq }) {
  return html`<main class="place-body"><${MissingRoom} room=${room} seq=${seq} /></main>`;
}
