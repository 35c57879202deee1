// The people to complete after `@`: members of the room, the latest senders first.

import { t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { isProgram, programName } from "../shared/programs.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("./completion.js").Option} Option */

/** The members that are fetched at once; in larger rooms the server searches by name. */
const PAGE = 100;
/** In rooms up to this size everybody may mention all; in larger ones only moderators. */
const MAX_MEMBERS_FOR_ALL = 20;
/** Milliseconds after which a list of members is fetched again. */
const LIST_LIFETIME = 60_000;

/** @type {Map<number, { at: number, members: Promise<Person[]> }>} */
const lists = sessionMap();

/**
 * Show the people that match a word: known ones at once, then those that the server returns.
 * @param {Chat} chat
 * @param {RoomInfo} info
 * @param {string} word
 * @param {(options: Option[]) => void} show
 */
export async function findPeople(chat, info, word, show) {
  const known = recentSpeakers(chat, info.id);
  const all = allOption(info, word, chat.get().me?.roles ?? []);
  const showAll = (/** @type {Person[]} */ more) => show([...matching([...known, ...more], word, chat.get().me?.id), ...all]);
  showAll([]);
  try {
    showAll(await membersOf(chat, info, word));
  } catch (error) {
    if (!isChatError(error)) throw error; // known people are shown already
  }
}

/** @param {Chat} chat @param {RoomInfo} info @param {string} word */
async function membersOf(chat, info, word) {
  if ((info.members ?? 0) > PAGE) {
    const { people = [] } = /** @type {{ people?: Person[] }} */ (await chat.call("GET", `/people?limit=20&q=${encodeURIComponent(word.toWellFormed())}`));
    return people;
  }
  let list = lists.get(info.id);
  if (!list || Date.now() - list.at > LIST_LIFETIME) {
    const members = chat.call("GET", `/rooms/${info.id}/members?limit=${PAGE}`).then((answer) => {
      const { members: found = [] } = /** @type {{ members?: { person: Person }[] }} */ (answer);
      return found.map(({ person }) => person);
    });
    list = { at: Date.now(), members };
    lists.set(info.id, list);
    members.catch(() => lists.delete(info.id));
  }
  return list.members;
}

/** @param {Chat} chat @param {number} id @returns {Person[]} the latest first */
function recentSpeakers(chat, id) {
  const { rooms, people } = chat.get();
  const messages = [...(rooms.get(id)?.messages.values() ?? [])].sort((a, b) => b.seq - a.seq).slice(0, 200);
  const senders = new Map(messages.map(({ sender }) => [sender.id, sender]));
  return [...senders.values()].map((sender) => people.get(sender.id) ?? { ...sender, changed: 0 });
}

/** @param {Person[]} people @param {string} word @param {number | undefined} me @returns {Option[]} */
function matching(people, word, me) {
  const wanted = word.toLowerCase();
  const names = (/** @type {Person} */ { name, display }) => [name, display ?? ""].map((one) => one.toLowerCase());
  const once = [...new Map(people.filter(({ id }) => id !== me).map((person) => [person.id, person])).values()];
  const begins = once.filter((person) => names(person).some((name) => name.startsWith(wanted)));
  const has = once.filter((person) => !begins.includes(person) && names(person).some((name) => name.includes(wanted)));
  return [...begins, ...has].map((person) => ({
    key: String(person.id),
    insert: `@${isProgram(person) ? programName(person) : person.name} `,
    person,
    ...(person.display && person.display !== person.name && { note: person.name }),
  }));
}

/** @param {RoomInfo} info @param {string} word @param {readonly string[]} roles @returns {Option[]} */
function allOption({ kind, members = 0, role }, word, roles) {
  const may = members <= MAX_MEMBERS_FOR_ALL || role === "owner" || role === "moderator" || roles.includes("admin");
  if (kind === "direct" || kind === "support" || !may || !"all".startsWith(word.toLowerCase())) return [];
  return [{ key: "all", insert: "@all ", note: t("composer.everybody") }];
}
