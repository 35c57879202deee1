// The room list: which section a room belongs to, and the order inside.

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {import("./types").Room} Room */
/** @typedef {"lobby" | "starred" | "rooms" | "people" | "support" | "archived"} SectionName */
/** @typedef {{ name: SectionName, rooms: RoomInfo[], unread: number, mentions: number }} Section */

/** @type {SectionName[]} */
const SECTIONS = ["lobby", "starred", "rooms", "people", "support", "archived"];

/**
 * The sections that are not empty, in the order of the screen.
 *
 * Inside a section the latest activity comes first, in "support" the longest waiting person. Rooms in `order` keep that
 * order, so that nothing moves under the pointer; the others come after them.
 *
 * @param {Iterable<Room>} rooms
 * @param {{ filter?: string, nameOf: (info: RoomInfo) => string, order?: ReadonlyMap<number, number> | null }} options
 * @returns {Section[]}
 */
export function sections(rooms, { filter = "", nameOf, order = null }) {
  const wanted = fold(filter.trim());
  /** @type {Map<SectionName, RoomInfo[]>} */
  const found = new Map(SECTIONS.map((name) => [name, []]));
  for (const { info } of rooms) {
    if (wanted ? !fold(nameOf(info)).includes(wanted) : isHidden(info)) continue;
    found.get(sectionOf(info))?.push(info);
  }
  return SECTIONS.flatMap((name) => {
    const rooms = found.get(name) ?? [];
    if (rooms.length === 0) return [];
    rooms.sort((one, other) => positionIn(order, one) - positionIn(order, other) || compare(one, other));
    return [{ name, rooms, ...countUnread(rooms) }];
  });
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
 * The unread mark of a room in the list: none, a dot, or a number of mentions; direct and support rooms count every
 * message.
 * @param {RoomInfo} info
 * @returns {{ isUnread: boolean, count: number, isMuted: boolean }}
 */
export function attention(info) {
  const isMuted = info.notify === "none";
  const isPersonal = info.kind === "direct" || info.kind === "support";
  const count = isMuted ? 0 : isPersonal ? (info.unread ?? 0) : (info.mentions ?? 0);
  return { isUnread: (info.unread ?? 0) > 0 && !isMuted, count, isMuted };
}

/**
 * Normalise a name for comparison: no case, no accents.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @param {RoomInfo} info @returns {SectionName} */
function sectionOf(info) {
  if (info.kind === "lobby") return "lobby";
  if (info.archived) return "archived";
  if (info.starred) return "starred";
  if (info.kind === "direct") return "people";
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
