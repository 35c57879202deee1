// Other people's support conversations, in the parts and the order of the inbox.

import { fold } from "./room_list.js";

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {"waiting" | "mine" | "open" | "closed"} Part */

/** @type {Part[]} */
export const PARTS = ["waiting", "mine", "open", "closed"];

/**
 * The open conversations of everybody else.
 * @param {Iterable<{ info: RoomInfo }>} rooms
 * @param {number | undefined} me
 * @returns {RoomInfo[]}
 */
export function conversations(rooms, me) {
  const found = [];
  for (const { info } of rooms) if (isSomeoneElses(info, me) && isOpen(info)) found.push(info);
  return found;
}

/**
 * The conversations of one part of the inbox: the longest waiting first, then the latest activity.
 * @param {readonly RoomInfo[]} infos
 * @param {Part} part
 * @param {number | undefined} me
 * @returns {RoomInfo[]}
 */
export function queue(infos, part, me) {
  return infos.filter((info) => belongsTo(info, part, me)).sort(compare);
}

/**
 * Count the conversations of each part.
 * @param {readonly RoomInfo[]} infos
 * @param {number | undefined} me
 * @returns {Record<Exclude<Part, "closed">, number>}
 */
export function countByPart(infos, me) {
  const found = { waiting: 0, mine: 0, open: infos.length };
  for (const info of infos) {
    if (belongsTo(info, "waiting", me)) found.waiting += 1;
    if (belongsTo(info, "mine", me)) found.mine += 1;
  }
  return found;
}

/**
 * The conversations that have every word in the person's name or address or in the last message.
 * @param {readonly RoomInfo[]} infos
 * @param {string} text
 * @returns {readonly RoomInfo[]}
 */
export function filterByText(infos, text) {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return infos;
  return infos.filter((info) => {
    const shown = fold(searchableText(info));
    return words.every((word) => shown.includes(word));
  });
}

/**
 * Whether the room is another person's support conversation, which operators answer in the inbox.
 * @param {RoomInfo} info
 * @param {number | undefined} me
 */
export function isSomeoneElses(info, me) {
  return info.support !== undefined && info.support.person.id !== me;
}

/** @param {RoomInfo} info */
export function isOpen(info) {
  return (info.support?.state ?? "open") === "open";
}

/** @param {RoomInfo} info */
function searchableText(info) {
  const { name, display, email, page } = visitor(info);
  return [name, display, email, page, info.last?.text].filter(Boolean).join("\n");
}

/**
 * The conversation's person, with the details that a visitor has entered.
 * @param {RoomInfo} info
 * @returns {{ id: number, name: string, display?: string, email?: string, page?: string, verified?: boolean, came?: number, blocked?: boolean }}
 */
export function visitor(info) {
  if (!info.support) throw new TypeError(`room ${info.id} is no support conversation`);
  const { person, email, page, verified, came, blocked } = info.support;
  return { ...person, email, page, verified, came, blocked };
}

/** Whether the person writes from the support widget, without an account. @param {RoomInfo} info */
export function isVisitor(info) {
  return info.support?.person.roles?.includes("guest") ?? false;
}

/** @param {RoomInfo} info @param {Part} part @param {number | undefined} me */
function belongsTo(info, part, me) {
  if (part === "waiting") return info.support?.waiting_since != null;
  if (part === "mine") return me !== undefined && info.support?.assignee?.id === me;
  return true;
}

/** @param {RoomInfo} one @param {RoomInfo} other */
function compare(one, other) {
  const [first, second] = [one, other].map((info) => info.support?.waiting_since ?? Infinity);
  if (first !== second) return first - second;
  return spokenAt(other) - spokenAt(one) || one.id - other.id;
}

/** @param {RoomInfo} info */
function spokenAt(info) {
  return info.last?.at ?? info.at ?? 0;
}
