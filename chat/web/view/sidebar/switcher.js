// The switcher (Ctrl+K): one field that leads to any room, person or action.

import { html, useEffect, useId, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { attention, fold } from "../../model/room_list.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { focusPlace } from "../shared/composer_target.js";
import { avatar, roomPicture } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { FormError } from "../controls/fields.js";
import { openDirect, usePeople } from "../room/find_person.js";
import { icon } from "../controls/icon.js";
import { personName, roomIcon, roomName } from "../shared/names.js";
import { navigate } from "../shared/router.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {{ key: string, label: string, picture: unknown, note: string, go: () => unknown }} Target */

/** The most rooms, and the most people, that are offered. */
const MAX_TARGETS = 8;

/** Rooms that are marked as read at a time; a socket allows 64 requests in flight. */
const MARKED_AT_ONCE = 16;

/**
 * @param {{ onClose: () => void }} props
 */
export function Switcher({ onClose }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { act, error } = useAction();
  const targets = useTargets(text);
  const list = useId();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const chosen = Math.min(at, targets.length - 1);
  const hasGone = useRef(false);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    field.current?.focus();
    return () => {
      dialog.current?.close(); // a modal one keeps the focus
      if (hasGone.current) focusPlace();
      else if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    dialog.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [chosen, targets]);
  const go = async (/** @type {Target | undefined} */ target) => {
    if (!target || !(await act(async () => target.go()))) return;
    hasGone.current = true;
    onClose();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) return;
    if (step) setAt((chosen + step + targets.length) % Math.max(1, targets.length));
    else if (event.key === "Enter") go(targets[chosen]);
    else return;
    event.preventDefault();
  };
  const input = (/** @type {any} */ event) => {
    setText(event.target.value);
    setAt(0);
  };
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && onClose();
  return html`<dialog class="switcher" ref=${dialog} aria-label=${t("switcher.title")} onCancel=${onClose} onMouseDown=${outside}>
    <div class="switcher-field">
      ${icon("search")}
      <input
        type="text" dir="auto" role="combobox" aria-expanded="true" aria-controls=${list} aria-autocomplete="list" ref=${field}
        aria-activedescendant=${targets.length > 0 ? `${list}-${chosen}` : undefined} aria-label=${t("switcher.title")}
        placeholder=${t("switcher.placeholder")} autocomplete="off" value=${text} onInput=${input} onKeyDown=${pressed}
      />
      <button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${onClose}>${icon("close")}</button>
    </div>
    <ul class="list switcher-list" role="listbox" id=${list} aria-label=${t("switcher.title")}>
      ${targets.map(
        (target, index) => html`<li
          key=${target.key} id=${`${list}-${index}`} class="row" role="option" aria-selected=${index === chosen}
          onClick=${() => go(target)} onPointerMove=${() => setAt(index)}
        >
          <span class="room-picture">${target.picture}</span>
          <bdi class="row-text row-title">${target.label}</bdi>
          <span class="soft small">${target.note}</span>
        </li>`,
      )}
    </ul>
    <${FormError} text=${error} />
    ${targets.length === 0 && html`<p class="switcher-none">${t("switcher.none", { name: text })}</p>`}
  </dialog>`;
}

/** Unread rooms first, then by the last message. @param {string} text @returns {Target[]} */
function useTargets(text) {
  const chat = useChat();
  const rooms = useSelected((state) => state.rooms);
  const roles = useSelected((state) => state.me?.roles ?? []);
  const people = usePeople(text).items ?? [];
  return useMemo(() => {
    const words = fold(text).split(/\s+/).filter(Boolean);
    const fits = (/** @type {string} */ label) => words.every((word) => fold(label).includes(word));
    // The last answer may belong to an earlier text.
    const matchesName = (/** @type {{ name: string, display?: string | null }} */ person) => fits(`${person.name} ${person.display ?? ""}`);
    const infos = [...rooms.values()].map(({ info }) => info).filter((info) => fits(roomName(info)));
    const known = new Set(infos.flatMap(({ kind, peer }) => (kind === "direct" && peer ? [peer.id] : [])));
    const others = words.length > 0 ? people.filter((person) => !known.has(person.id) && matchesName(person)) : [];
    return [
      ...infos.sort((one, other) => startsWithText(other, text) - startsWithText(one, text) || byUnread(one, other)).slice(0, MAX_TARGETS).map(roomTarget),
      ...others.slice(0, MAX_TARGETS).map((person) => ({
        key: `person-${person.id}`,
        label: personName(person),
        picture: avatar(person, { size: "small" }),
        note: t("switcher.person"),
        go: () => openDirect(chat, person.id),
      })),
      ...[...markAllRead(chat, rooms), ...actions(roles)].filter(({ label }) => fits(label)),
      ...(words.length > 0 ? [searchTarget(text)] : []),
    ];
  }, [text, rooms, people, roles]);
}

/** Names that begin with the text come first. @param {RoomInfo} info @param {string} text */
function startsWithText(info, text) {
  return Number(text.trim() !== "" && fold(roomName(info)).startsWith(fold(text.trim())));
}

/** @param {RoomInfo} one @param {RoomInfo} other */
function byUnread(one, other) {
  const rank = (/** @type {RoomInfo} */ info) => {
    const { count, isUnread } = attention(info);
    return count > 0 ? 2 : isUnread ? 1 : 0;
  };
  return rank(other) - rank(one) || (other.last?.at ?? 0) - (one.last?.at ?? 0);
}

/** @param {RoomInfo} info @returns {Target} */
function roomTarget(info) {
  return {
    key: `room-${info.id}`,
    label: roomName(info),
    picture: info.peer ? avatar(info.peer, { size: "small" }) : roomPicture(info, icon(roomIcon(info))),
    note: attention(info).isUnread ? t("rooms.unread") : "",
    go: () => navigate(`/room/${info.id}`),
  };
}

/** @param {readonly string[]} roles @returns {Target[]} */
function actions(roles) {
  /** @param {string} path @param {import("../../i18n/index.js").Key} label @param {import("../controls/icon.js").IconName} image */
  const action = (path, label, image) => ({ key: path, label: t(label), picture: icon(image), note: t("switcher.action"), go: () => navigate(path) });
  return [
    action("/search", "shell.search", "search"),
    ...(roles.includes("operator") ? [action("/inbox", "shell.inbox", "inbox")] : []),
    ...(roles.includes("admin") ? [action("/admin", "shell.admin", "shield")] : []),
    action("/settings", "shell.settings", "settings"),
    action("/settings/appearance", "settings.appearance", "moon"),
    action("/settings/keys", "shell.keys", "help"),
  ];
}

/** Marks all rooms as read, except support conversations; offered if something is unread. @param {Chat} chat @param {State["rooms"]} rooms @returns {Target[]} */
function markAllRead(chat, rooms) {
  const unread = [...rooms.values()].filter(({ info }) => (info.unread ?? 0) > 0 && info.kind !== "support");
  if (unread.length === 0) return [];
  const go = async () => {
    const done = [];
    for (let first = 0; first < unread.length; first += MARKED_AT_ONCE) {
      done.push(...(await Promise.allSettled(unread.slice(first, first + MARKED_AT_ONCE).map(({ info }) => chat.markRead(info.id, info.seq)))));
    }
    const refused = done.find(({ status }) => status === "rejected"); // for example in a room that this person was removed from meanwhile
    if (refused?.status === "rejected") throw refused.reason;
    announce(t("switcher.allRead"));
  };
  return [{ key: "read-all", label: t("switcher.readAll"), picture: icon("check"), note: t("switcher.action"), go }];
}

/** @param {string} text @returns {Target} */
function searchTarget(text) {
  return {
    key: "search",
    label: t("switcher.search", { words: text.trim() }),
    picture: icon("search"),
    note: "",
    go: () => navigate(`/search?q=${encodeURIComponent(text.trim().toWellFormed())}`),
  };
}
