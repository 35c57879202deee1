// The list of rooms, people and conversations. Only the visible part of a long list is rendered.

import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { useFolders } from "../../features/folders/folders.js";
import { t } from "../../i18n/index.js";
import { orderOf, sections } from "../../model/room_list.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { COARSE, PHONE, useMedia } from "../shared/media.js";
import { roomName } from "../shared/names.js";
import { lazy } from "../shared/lazy.js";
import { usePreference } from "../shared/preferences.js";
import { RoomRow } from "./room_row.js";
import { useToday } from "../shared/today.js";
import { remToPixels, visibleRows, useScrollView } from "../controls/visible_rows.js";

/** @typedef {import("../../model/room_list.js").Section} Section */

const FolderActs = lazy(() => import("../../features/folders/folder_acts.js"), "FolderActs");

/** Heights in rem; style/rooms.css has the same. */
const ROW = 2.25;
const PHONE_ROW = 4.25;
const HEADING = 2.5;
const FINGER = 2.75;
/** With this many rooms there is a filter. */
const FILTER_FROM = 12;

/**
 * @param {{ current?: number, onNew: (what: "room" | "person") => void }} props
 */
export function RoomList({ current, onNew }) {
  const rooms = useSelected((state) => state.rooms);
  const [filter, setFilter] = useState("");
  const [folded, setFolded] = usePreference("folded", "archived");
  const [order, setOrder] = useState(/** @type {Map<number, number> | null} */ (null));
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const folders = useFolders();
  const shown = useMemo(
    () => sections(rooms.values(), { filter, nameOf: roomName, order, ...(folders && { folders }) }),
    [rooms, filter, order, folders],
  );
  const foldedNames = filter ? [] : folded.split(" ");
  const fold = (/** @type {string} */ name) => setFolded(toggled(folded.split(" "), name).join(" "));
  usePeerPresence(shown);
  useToday(); // rows show times

  return html`
    ${rooms.size >= FILTER_FROM && html`<${Filter} value=${filter} onInput=${setFilter} />`}
    <div
      class="rooms" ref=${scroller} onKeyDown=${move}
      onPointerEnter=${() => setOrder(orderOf(shown))} onPointerLeave=${() => setOrder(null)}
    >
      <${Sections} ...${{ shown, foldedNames, fold, current, scroller, onNew }} />
      ${filter && shown.length === 0 && html`<p class="rooms-none">${t("rooms.none", { filter })}</p>`}
    </div>`;
}

/**
 * @param {{
 *   shown: Section[], foldedNames: string[], fold: (name: string) => void, current?: number,
 *   scroller: { current: HTMLElement | null }, onNew: (what: "room" | "person") => void,
 * }} props
 */
function Sections({ shown, foldedNames, fold, current, scroller, onNew }) {
  const sight = useScrollView(scroller);
  const isTouched = useMedia(COARSE);
  const height = remToPixels(useMedia(PHONE) ? PHONE_ROW : isTouched ? FINGER : ROW);
  const tabStop = shown.some(({ rooms }) => rooms.some((info) => info.id === current)) ? current : shown.find(({ rooms }) => rooms.length > 0)?.rooms[0]?.id;
  let offset = 0;
  return shown.map((section) => {
    const isFolded = foldedNames.includes(section.name);
    if (section.name !== "lobby") offset += remToPixels(isTouched ? FINGER : HEADING);
    const count = isFolded ? 0 : section.rooms.length;
    const { first, end } = visibleRows(sight, { count, height, offset });
    offset += count * height;
    return html`<section key=${section.name} aria-label=${titleOf(section)}>
      ${section.name !== "lobby" && html`<${Heading} ...${{ section, isFolded, fold, onNew }} />`}
      <ul class="list" style=${{ paddingBlockStart: `${first * height}px`, paddingBlockEnd: `${(count - end) * height}px` }}>
        ${section.rooms.slice(first, end).map(
          (info, index) => html`<li key=${info.id} aria-setsize=${count} aria-posinset=${first + index + 1}>
            <${RoomRow} info=${info} isCurrent=${info.id === current} isTabStop=${info.id === tabStop} />
          </li>`,
        )}
      </ul>
    </section>`;
  });
}

/** @param {{ section: Section, isFolded: boolean, fold: (name: string) => void, onNew: (what: "room" | "person") => void }} props */
function Heading({ section, isFolded, fold, onNew }) {
  const { name, folder, unread, mentions } = section;
  const adds = name === "rooms" ? "room" : name === "people" ? "person" : null;
  return html`<div class="rooms-heading">
    <h2>
      <button type="button" aria-expanded=${!isFolded} onClick=${() => fold(name)}>
        ${icon(isFolded ? "chevron_right" : "chevron_down")} <bdi>${titleOf(section)}</bdi>
        ${isFolded && unread > 0 && html`<span class=${mentions ? "badge is-mention" : "badge"}>${mentions || unread}</span>`}
      </button>
    </h2>
    ${folder && html`<${FolderActs} id=${folder.id} name=${folder.name} />`}
    ${adds &&
    html`<button type="button" class="icon-button" title=${t(`rooms.add_${adds}`)}
      onClick=${() => onNew(adds)}>${icon("add")}</button>`}
  </div>`;
}

/** @param {Section} section */
function titleOf({ name, folder }) {
  return folder ? folder.name : t(`rooms.${/** @type {import("../../model/room_list.js").FixedName} */ (name)}`);
}

/** @param {{ value: string, onInput: (value: string) => void }} props */
function Filter({ value, onInput }) {
  return html`<div class="rooms-filter">
    <input
      type="search" aria-label=${t("rooms.filter")} placeholder=${t("rooms.filter")} value=${value} autocomplete="off"
      onInput=${(/** @type {any} */ event) => onInput(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && onInput("")}
    />
  </div>`;
}

/** Watch who is online among the latest direct rooms. @param {Section[]} shown */
function usePeerPresence(shown) {
  const chat = useChat();
  const people = shown.flatMap(({ rooms }) => rooms.filter(({ kind, peer, archived }) => kind === "direct" && peer && !archived));
  const ids = people.slice(0, 100).flatMap(({ peer }) => (peer ? [peer.id] : []));
  const all = ids.toSorted((one, other) => one - other).join();
  useEffect(() => (all ? chat.watch(all.split(",").map(Number)) : undefined), [chat, all]);
}

/** Move from room to room with the arrow keys; Tab leaves the list. @param {KeyboardEvent & { currentTarget: HTMLElement }} event */
function move(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  const links = [.../** @type {NodeListOf<HTMLElement>} */ (event.currentTarget.querySelectorAll("a.room"))];
  const at = links.findIndex((link) => link === document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  const list = event.currentTarget;
  if (Number.isFinite(step)) {
    links[at + step]?.focus();
    return;
  }
  focusEnd(list, step);
}

/**
 * Focus the first or last room. It is drawn some frames after the list has scrolled there, and a focus before that would
 * scroll back.
 * @param {HTMLElement} list @param {number} step
 */
function focusEnd(list, step) {
  list.scrollTop = step > 0 ? list.scrollHeight : 0;
  const filled = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("ul.list"))].filter((one) => one.offsetHeight);
  const row = step > 0 ? filled.at(-1)?.lastElementChild : filled[0]?.firstElementChild;
  const end = step > 0 ? row?.getAttribute("aria-setsize") : "1";
  if (row && row.getAttribute("aria-posinset") === end) row.querySelector("a")?.focus();
  else if (filled.length) requestAnimationFrame(() => focusEnd(list, step));
}

/** @param {string[]} names @param {string} name */
function toggled(names, name) {
  return names.includes(name) ? names.filter((one) => one !== name) : [...names, name];
}
