// The support conversations of other people, as an operator works through them.

import { fold } from "./room_list.js";

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {"waiting" | "mine" | "open" | "closed"} Part */

/** @type {Part[]} */
export const PARTS = ["waiting", "mine", "open", "closed"];

/**
 * The open conversations of everybody but oneself.
 * @param {Iterable<{ info: RoomInfo }>} rooms
 * @param {number | undefined} me
 * @returns {RoomInfo[]}
 */
export function conversations(rooms, me) {
  const found = [];
  for (const { info } of rooms) if (isAnothers(info, me) && isOpen(info)) found.push(info);
  return found;
}

/**
 * Those of a part of the inbox: who waits for an answer first, the longest first, then who spoke last.
 * @param {readonly RoomInfo[]} infos
 * @param {Part} part
 * @param {number | undefined} me
 * @returns {RoomInfo[]}
 */
export function queue(infos, part, me) {
  return infos.filter((info) => isIn(info, part, me)).sort(compare);
}

/**
 * How many conversations each part has.
 * @param {readonly RoomInfo[]} infos
 * @param {number | undefined} me
 * @returns {Record<Exclude<Part, "closed">, number>}
 */
export function counts(infos, me) {
  const found = { waiting: 0, mine: 0, open: infos.length };
  for (const info of infos) {
    if (isIn(info, "waiting", me)) found.waiting += 1;
    if (isIn(info, "mine", me)) found.mine += 1;
  }
  return found;
}

/**
 * Those with every word somewhere in the person's name or address, or in what was said last.
 * @param {readonly RoomInfo[]} infos
 * @param {string} text
 * @returns {readonly RoomInfo[]}
 */
export function matching(infos, text) {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return infos;
  return infos.filter((info) => {
    const shown = fold(searched(info));
    return words.every((word) => shown.includes(word));
  });
}

/**
 * Whether it is the support conversation of somebody else, which operators answer in the inbox.
 * @param {RoomInfo} info
 * @param {number | undefined} me
 */
export function isAnothers(info, me) {
  return info.support !== undefined && info.support.person.id !== me;
}

/** @param {RoomInfo} info */
export function isOpen(info) {
  return (info.support?.state ?? "open") === "open";
}

/** @param {RoomInfo} info */
function searched(info) {
  const { name, display, email, page } = visitor(info);
  return [name, display, email, page, info.last?.text].filter(Boolean).join("\n");
}

/**
 * Whose conversation it is, with what a visitor has said of themselves.
 * @param {RoomInfo} info
 * @returns {{ id: number, name: string, display?: string, email?: string, page?: string, came?: number, blocked?: boolean }}
 */
export function visitor(info) {
  if (!info.support) throw new TypeError(`room ${info.id} is no support conversation`);
  const { person, email, page, came, blocked } = info.support;
  return { ...person, email, page, came, blocked };
}

/** Whether they write from the support widget, without an account. @param {RoomInfo} info */
export function isVisitor(info) {
  return info.support?.person.roles?.includes("guest") ?? false;
}

/** @param {RoomInfo} info @param {Part} part @param {number | undefined} me */
function isIn(info, part, me) {
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
