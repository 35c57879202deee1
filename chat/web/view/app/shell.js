// The page after logging in: the sidebar, a place in the middle, and a panel on the right. A phone shows one at a time.

import "../controls/icons/more.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { dueOf } from "../../features/saved/changes.js";
import { savedOf } from "../../features/saved/saved.js";
import { panelOf } from "../../model/panel.js";
import { startBadge } from "../../net/badge.js";
import { WaitingUploads } from "../files/waiting_uploads.js";
import { useChat, useSelected } from "../shared/context.js";
import { focusPlace } from "../shared/composer_target.js";
import { lazy } from "../shared/lazy.js";
import { PHONE, TOUCH, useMedia } from "../shared/media.js";
import { ConnectionBar } from "./connection_bar.js";
import { choose, preference } from "../shared/preferences.js";
import { startSessionMemory } from "../shared/session_memory.js";
import { RoomPlace } from "../room/room_place.js";
import { currentRoute, navigate, useRoute } from "../shared/router.js";
import { Sidebar } from "../sidebar/sidebar.js";
import { Welcome } from "./welcome.js";

const Admin = lazy(() => import("../admin/admin.js"), "Admin");
const Inbox = lazy(() => import("../inbox/inbox.js"), "Inbox");
const Keys = lazy(() => import("../settings/keys_dialog.js"), "Keys");
const ReminderCard = lazy(() => import("../search/reminder_card.js"), "ReminderCard");
const Reports = lazy(() => import("../reports/reports.js"), "Reports");
const Saved = lazy(() => import("../search/saved.js"), "Saved");
const Share = lazy(() => import("../search/share.js"), "Share");
const Search = lazy(() => import("../search/search.js"), "Search");
const Settings = lazy(() => import("../settings/settings.js"), "Settings");
const loadSwitcher = () => import("../sidebar/switcher.js");
const Switcher = lazy(loadSwitcher, "Switcher");

/** The switcher's module is loaded this many ms after the page, so that input right after Ctrl+K is not lost. */
const SWITCHER_LOADS_AFTER = 1000;

/** @typedef {import("../shared/router.js").Route} Route */

export function Shell() {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  if (me !== undefined) startSessionMemory(me); // before anything below is rendered
  const route = useRoute();
  const isPhone = useMedia(PHONE);
  const [dialog, setDialog] = useState(/** @type {"switcher" | "keys" | null} */ (null));
  useInitialRoom(route, isPhone);
  useEffect(() => {
    if (route.screen === "room") choose("room", String(route.room));
  }, [route.room]);
  useEffect(() => startBadge(chat), [chat]);
  useShortcuts(setDialog);
  usePlaceFocus(route);
  const close = () => setDialog(null);
  return html`
    <a class="skip-link visually-hidden" href="#place">${t("shell.skip")}</a>
    <div class=${`shell shows-${visiblePart(route)}`}>
      <${Sidebar} route=${route} onJump=${() => setDialog("switcher")} />
      <div class="place" id="place" tabindex="-1">
        <${ConnectionBar} />
        <${Place} route=${route} />
      </div>
    </div>
    ${route.screen !== "saved" && html`<${DueReminders} />`}
    <${WaitingUploads} />
    ${dialog === "switcher" && html`<${Switcher} onClose=${close} />`}
    ${dialog === "keys" && html`<${Keys} onClose=${close} />`}
  `;
}

/** The card of due reminders is loaded with the first one. The list of saved messages has them itself. */
function DueReminders() {
  const isAny = useSelected((state) => dueOf(savedOf(state), state.rooms).length > 0);
  return isAny && html`<${ReminderCard} />`;
}

/** @param {{ route: Route }} props */
function Place({ route }) {
  const roles = useSelected((state) => state.me?.roles ?? []);
  switch (route.screen) {
    case "room":
      return html`<${RoomPlace} key=${route.room} room=${route.room} seq=${route.seq} panel=${panelOf(route.query)} />`;
    case "search":
      return html`<${Search} query=${route.query.get("q") ?? ""} />`;
    case "reports":
      return html`<${Reports} />`;
    case "share":
      return html`<${Share} query=${route.query} />`;
    case "saved":
      return html`<${Saved} tab=${route.query.get("tab") ?? ""} />`;
    case "settings":
      return html`<${Settings} part=${route.part} />`;
    case "inbox":
      return roles.includes("operator") ? html`<${Inbox} room=${route.room} />` : html`<${Welcome} />`;
    case "admin":
      return roles.includes("admin") ? html`<${Admin} part=${route.part} />` : html`<${Welcome} />`;
    default:
      return html`<${Welcome} />`;
  }
}

/**
 * Focus the new place if the focused element is gone, for example a link in a list that a phone no longer shows. Who opens a
 * room from the sidebar wants to write in it.
 * @param {Route} route
 */
function usePlaceFocus({ screen, room, part, query }) {
  const shows = query.get("show");
  const isFirst = useRef(true);
  useEffect(() => {
    const wasFirst = isFirst.current;
    isFirst.current = false;
    const active = document.activeElement;
    const isKept = active && active !== document.body && active.checkVisibility();
    const isInSidebar = screen === "room" && !matchMedia(TOUCH).matches && active?.closest(".sidebar");
    if (!wasFirst && (!isKept || isInSidebar)) focusPlace();
  }, [screen, room, part, shows]);
}

/** Which of sidebar, place and panel a phone shows. @param {Route} route */
function visiblePart({ screen, query }) {
  if (screen === "home" || screen === "unknown") return "rooms";
  return screen === "room" && panelOf(query) ? "panel" : "place";
}

/** Except on a phone, the page opens with the last room or the lobby. @param {Route} route @param {boolean} isPhone */
function useInitialRoom(route, isPhone) {
  const rooms = useSelected((state) => state.rooms);
  const isLoaded = useSelected((state) => state.isLoaded);
  useEffect(() => {
    // Somebody may have gone elsewhere since this was drawn.
    if (currentRoute().screen !== "home" || isPhone || !isLoaded) return;
    const stored = rooms.get(Number(preference("room")));
    const last = (stored?.info.hidden ? undefined : stored) ?? [...rooms.values()].find(({ info }) => info.kind === "lobby");
    if (last) navigate(`/room/${last.info.id}`, { replace: true });
  }, [route.screen, isPhone, isLoaded]);
}

/** Ctrl+K opens the switcher; ? outside of a field opens the list of keys. @param {(dialog: "switcher" | "keys") => void} open */
function useShortcuts(open) {
  useEffect(() => {
    const timer = setTimeout(() => loadSwitcher().catch(() => {}), SWITCHER_LOADS_AFTER);
    return () => clearTimeout(timer);
  }, []);
  useLayoutEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (document.querySelector("dialog[open]")) return;
      const isWriting = event.target instanceof Element && event.target.closest("input, textarea, select");
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyK") open("switcher");
      else if (event.key === "?" && !isWriting && !event.ctrlKey && !event.metaKey) open("keys");
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
