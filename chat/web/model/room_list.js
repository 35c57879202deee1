// The room list: which section a room belongs to, and the order inside.

import { isPersonal } from "./attention.js";

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {import("./types").Room} Room */
/** @typedef {{ id: number, name: string, rooms: readonly number[] }} Folder one of this person's, which is a section */
/** @typedef {"lobby" | "starred" | "rooms" | "people" | "support" | "archived"} FixedName */
/** @typedef {{ name: FixedName | `folder-${number}`, folder?: Folder, rooms: RoomInfo[], unread: number, mentions: number }} Section */

const FIRST = /** @type {const} */ (["lobby", "starred"]);
const LAST = /** @type {const} */ (["rooms", "people", "support", "archived"]);

/**
 * The sections that are not empty, and all folders, in the order of the screen.
 *
 * Inside a section the latest activity comes first, in "support" the longest waiting person. Rooms in `order` keep that
 * order, so that nothing moves under the pointer; the others come after them.
 *
 * @param {Iterable<Room>} rooms
 * @param {{ filter?: string, nameOf: (info: RoomInfo) => string, order?: ReadonlyMap<number, number> | null, folders?: readonly Folder[] }} options
 * @returns {Section[]}
 */
export function sections(rooms, { filter = "", nameOf, order = null, folders = [] }) {
  const wanted = fold(filter.trim());
  /** @type {Map<number, Section["name"]>} */
  const inFolder = new Map(folders.flatMap(({ id, rooms }) => rooms.map((room) => [room, /** @type {const} */ (`folder-${id}`)])));
  /** @type {Map<string, RoomInfo[]>} */
  const found = new Map();
  for (const { info } of rooms) {
    if (wanted ? !fold(nameOf(info)).includes(wanted) : isHidden(info)) continue;
    const name = sectionOf(info, inFolder);
    const others = found.get(name);
    if (others) others.push(info);
    else found.set(name, [info]);
  }
  /** @param {Section["name"]} name @param {Folder} [folder] @returns {Section[]} */
  const section = (name, folder) => {
    const rooms = found.get(name) ?? [];
    if (rooms.length === 0 && (!folder || wanted)) return [];
    rooms.sort((one, other) => positionIn(order, one) - positionIn(order, other) || compare(one, other));
    return [{ name, rooms, ...(folder && { folder }), ...countUnread(rooms) }];
  };
  return [
    ...FIRST.flatMap((name) => section(name)),
    ...folders.flatMap((folder) => section(`folder-${folder.id}`, folder)),
    ...LAST.flatMap((name) => section(name)),
  ];
}

/**
 * The current order of the rooms, for `order`.
 * @param {Section[]} shown
 * @returns {Map<number, number>}
 */
export function orderOf(shown) {
  return new Map(shown.flatMap(({ rooms }) => rooms.map((info, index) => [info.id, index])));
}

/**
 * The unread mark of a room in the list: none, a dot, or a number of mentions; direct and support rooms, and groups, count
 * every message.
 * @param {RoomInfo} info
 * @returns {{ isUnread: boolean, count: number, isMuted: boolean }}
 */
export function attention(info) {
  const isMuted = info.notify === "none";
  const count = isMuted ? 0 : isPersonal(info) ? (info.unread ?? 0) : (info.mentions ?? 0);
  return { isUnread: (info.unread ?? 0) > 0 && !isMuted, count, isMuted };
}

/**
 * Normalise a name for comparison: no case, no accents.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @param {RoomInfo} info @param {ReadonlyMap<number, Section["name"]>} inFolder @returns {Section["name"]} */
function sectionOf(info, inFolder) {
  if (info.kind === "lobby") return "lobby";
  if (info.archived) return "archived";
  if (info.starred) return "starred";
  const folder = inFolder.get(info.id);
  if (folder) return folder;
  if (info.kind === "direct" || info.others) return "people";
  return info.kind === "support" ? "support" : "rooms";
}

/** @param {RoomInfo} info */
function isHidden(info) {
  return Boolean(info.hidden) && !info.unread;
}

/** @param {ReadonlyMap<number, number> | null} order @param {RoomInfo} info */
function positionIn(order, info) {
  return order ? (order.get(info.id) ?? order.size) : 0;
}

/** @param {RoomInfo} one @param {RoomInfo} other */
function compare(one, other) {
  if (one.support && other.support) {
    const waiting = (one.support.waiting_since ?? Infinity) - (other.support.waiting_since ?? Infinity);
    if (waiting) return waiting;
  }
  return lastAt(other) - lastAt(one) || other.id - one.id;
}

/** @param {RoomInfo} info */
function lastAt(info) {
  return info.last?.at ?? info.at ?? 0;
}

/** @param {RoomInfo[]} rooms */
function countUnread(rooms) {
  let unread = 0;
  let mentions = 0;
  for (const info of rooms) {
    const { isUnread, count } = attention(info);
    if (isUnread) unread += 1;
    mentions += count;
  }
  return { unread, mentions };
}
