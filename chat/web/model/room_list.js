// The list of rooms in its sections: what belongs where, and in which order.

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {import("./types").Room} Room */
/** @typedef {"lobby" | "rooms" | "people" | "support" | "archived"} SectionName */
/** @typedef {{ name: SectionName, rooms: RoomInfo[], unread: number, mentions: number }} Section */

/** @type {SectionName[]} */
const SECTIONS = ["lobby", "rooms", "people", "support", "archived"];

/**
 * The sections that have a room, in the order of the screen.
 *
 * Inside a section the newest activity is first, in "support" who waits the longest. Rooms that stand in `kept` stay in
 * that order, so that nothing moves under a pointer; others come behind them.
 *
 * @param {Iterable<Room>} rooms
 * @param {{ filter?: string, nameOf: (info: RoomInfo) => string, kept?: ReadonlyMap<number, number> | null }} options
 * @returns {Section[]}
 */
export function sections(rooms, { filter = "", nameOf, kept = null }) {
  const wanted = fold(filter.trim());
  /** @type {Map<SectionName, RoomInfo[]>} */
  const found = new Map(SECTIONS.map((name) => [name, []]));
  for (const { info } of rooms) {
    if (wanted ? !fold(nameOf(info)).includes(wanted) : isPutAway(info)) continue;
    found.get(sectionOf(info))?.push(info);
  }
  return SECTIONS.flatMap((name) => {
    const inIt = found.get(name) ?? [];
    if (inIt.length === 0) return [];
    inIt.sort((one, other) => place(one, kept) - place(other, kept) || compare(one, other));
    return [{ name, rooms: inIt, ...counts(inIt) }];
  });
}

/**
 * How the rooms are ordered now, to be kept.
 * @param {Section[]} shown
 * @returns {Map<number, number>}
 */
export function orderOf(shown) {
  return new Map(shown.flatMap(({ rooms }) => rooms.map((info, index) => [info.id, index])));
}

/**
 * What a room has to say in the list: nothing, that something is new, or how many mention one. People's rooms count all.
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
 * For comparing names: no case, no accents.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @param {RoomInfo} info @returns {SectionName} */
function sectionOf(info) {
  if (info.kind === "lobby") return "lobby";
  if (info.archived) return "archived";
  if (info.kind === "direct") return "people";
  return info.kind === "support" ? "support" : "rooms";
}

/** @param {RoomInfo} info */
function isPutAway(info) {
  return Boolean(info.hidden) && !info.unread;
}

/** @param {RoomInfo} info @param {ReadonlyMap<number, number> | null} kept */
function place(info, kept) {
  return kept ? (kept.get(info.id) ?? kept.size) : 0;
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
function counts(rooms) {
  let unread = 0;
  let mentions = 0;
  for (const info of rooms) {
    const { isUnread, count } = attention(info);
    if (isUnread) unread += 1;
    mentions += count;
  }
  return { unread, mentions };
}
