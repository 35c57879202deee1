// One room as it is now, made of a snapshot and the changes since. As chat/client/room.py, with the same vectors.
//
// A draft is a copy that belongs to one batch: these functions change it.

import { recountMentions, uncount } from "./recount.js";
import { changed, said } from "./messages.js";
import { withRange, withShorterEnd } from "./ranges.js";
import { counts, MOST_UNREAD, mentions } from "./unread.js";

/** @import { Draft, KeptRoom } from "./model" */
/** @import { DeletedEvent, EditedEvent, MemberEvent, Message, MessageEvent, Person, ReactedEvent, RoomEvent } from "../protocol" */
/** @import { RoomInfo } from "./types" */
/** @typedef {import("../protocol").ChangedEvent | import("../protocol").SupportEvent} AboutRoom */
/** @typedef {{ type: string, room: number, pos: number, at: number }} Change */

/** Messages held at the end of a room: of more than the second, all but so many of the newest are let go. More than
 * anybody scrolls through. */
const KEPT = 10_000;
const MOST_KEPT = 20_000;

/**
 * A room as it is told.
 * @param {RoomEvent} told
 * @returns {KeptRoom}
 */
export function newRoom(told) {
  /** @type {Draft} */
  const draft = {
    room: {
      info: infoOf(told),
      messages: new Map(),
      held: [],
      reads: new Map(),
      roles: new Map(),
      toldPos: told.pos,
      changedPos: told.pos,
      toBeDeleted: new Set(),
      isUncounted: false,
      hasSpoken: false,
    },
    ownsMessages: true,
  };
  if (told.reset) draft.room.reset = told.reset;
  if (told.last) put(draft, told.last);
  return draft.room;
}

/**
 * What is left out on the wire stands in the state.
 * @param {RoomEvent} told
 * @returns {RoomInfo}
 */
function infoOf(told) {
  const { type: _type, reset: _reset, after: _after, ...info } = told;
  return { ...DEFAULTS, ...info };
}

const DEFAULTS = {
  topic: "",
  private: false,
  archived: false,
  role: /** @type {const} */ ("member"),
  members: 0,
  unread: 0,
  mentions: 0,
  notify: /** @type {const} */ ("mentions"),
  hidden: false,
};

/**
 * Take one's settings, and what the room is called, from a room that is told again. What its changes bring stays: they
 * bring it in their order, wherever the snapshot stands.
 * @param {Draft} draft
 * @param {RoomEvent} told
 */
export function update(draft, told) {
  const { room } = draft;
  const { notify, hidden, name, topic, private: isPrivate, archived, role, peer, support } = infoOf(told);
  room.info = { ...room.info, notify, hidden };
  if (told.pos < room.toldPos) return;
  room.toldPos = told.pos;
  room.info = without({ ...room.info, name, topic, private: isPrivate, archived, role, peer, support });
}

/**
 * Take the new profile of somebody, whom the room may be with. False: it is not.
 * @param {KeptRoom} room
 * @param {Person} person
 */
export function isOlderPeer(room, person) {
  const { peer } = room.info;
  return peer !== undefined && peer.id === person.id && (peer.changed ?? 0) <= (person.changed ?? 0);
}

/**
 * Apply a change, if it is the room's next.
 * @param {Draft} draft
 * @param {Change} change
 * @param {number} me
 * @returns {boolean} false where changes are missing before it. One that was applied already is no such gap.
 */
export function applyChange(draft, change, me) {
  const { room } = draft;
  const next = room.info.pos + 1;
  if (change.pos !== next) return change.pos < next;
  room.info = { ...room.info, pos: change.pos, at: change.at };
  switch (change.type) {
    case "message":
      say(draft, /** @type {MessageEvent} */ (/** @type {unknown} */ (change)), me);
      break;
    case "edited":
    case "deleted":
    case "reacted":
      room.changedPos = change.pos;
      changeMessage(draft, /** @type {EditedEvent} */ (/** @type {unknown} */ (change)), me);
      break;
    case "member":
      move(room, /** @type {MemberEvent} */ (/** @type {unknown} */ (change)), me);
      break;
    case "changed":
    case "support":
      if (change.pos > room.toldPos) describe(room, /** @type {AboutRoom} */ (/** @type {unknown} */ (change)));
      break;
  }
  return true;
}

/**
 * Hold a message, unless it is held in a newer state.
 * @param {Draft} draft
 * @param {Message} message
 */
export function put(draft, message) {
  const known = draft.room.messages.get(message.seq);
  if (!known || known.pos < message.pos) own(draft).set(message.seq, message);
  draft.room.held = withRange(draft.room.held, message.seq, message.seq);
}

/**
 * @param {Draft} draft
 * @returns {Map<number, Message>} the messages, which this batch may change
 */
function own(draft) {
  if (!draft.ownsMessages) {
    draft.room.messages = new Map(draft.room.messages);
    draft.ownsMessages = true;
  }
  return draft.room.messages;
}

/**
 * @param {Draft} draft
 * @param {MessageEvent} event
 * @param {number} me
 */
function say(draft, event, me) {
  const { room } = draft;
  const message = said(event);
  put(draft, message);
  letGo(draft);
  if (message.deleted) room.toBeDeleted = new Set(room.toBeDeleted).add(message.seq);
  let { unread = 0, mentions: mentioned = 0, read } = room.info;
  if (message.sender.id === me) {
    // One has read what comes before one's own.
    [unread, mentioned, read] = [0, 0, Math.max(read, message.seq)];
    room.isUncounted = false;
    room.hasSpoken = true;
  } else if (counts(message, me, read)) {
    unread = Math.min(unread + 1, MOST_UNREAD);
    mentioned = Math.min(mentioned + Number(mentions(message, me)), MOST_UNREAD);
  }
  const members = (room.info.members ?? 0) + Number(message.kind === "join");
  room.info = { ...room.info, seq: message.seq, unread, mentions: mentioned, read, members, last: message };
  if (room.info.support && message.pos > room.toldPos) {
    room.info.support = waiting(room.info.support, message);
  }
}

/** @param {Draft} draft */
function letGo(draft) {
  const { held } = draft.room;
  const end = held.at(-1);
  if (!end || end[1] - end[0] < MOST_KEPT) return;
  const messages = own(draft);
  const first = end[1] - KEPT + 1;
  for (let seq = end[0]; seq < first; seq++) messages.delete(seq);
  draft.room.held = withShorterEnd(held, first);
}

/**
 * How a conversation stands after a message: its person waits from their first on, until another's.
 * @param {NonNullable<RoomInfo["support"]>} support
 * @param {Message} message
 */
function waiting(support, message) {
  if (message.sender.id === support.person.id) return { waiting_since: message.at, ...support };
  const { waiting_since: _waiting, ...answered } = support;
  return answered;
}

/**
 * @param {Draft} draft
 * @param {EditedEvent | DeletedEvent | ReactedEvent} change
 * @param {number} me
 */
function changeMessage(draft, change, me) {
  const { room } = draft;
  const before = room.messages.get(change.seq);
  if (before && before.pos < change.pos) own(draft).set(change.seq, changed(before, change, me));
  if (change.type === "deleted" && room.toBeDeleted.has(change.seq)) {
    room.toBeDeleted = new Set([...room.toBeDeleted].filter((seq) => seq !== change.seq));
  }
  if (change.seq > room.info.read) {
    if (change.type === "deleted") uncount(room, before, me);
    if (change.type !== "reacted") recountMentions(room, change, before, me);
  }
  const { last } = room.info;
  if (last && last.seq === change.seq && last.pos < change.pos) {
    room.info = { ...room.info, last: changed(last, change, me) };
  }
}

/**
 * @param {KeptRoom} room
 * @param {MemberEvent} member
 * @param {number} me
 */
function move(room, member, me) {
  const isOut = member.role === undefined || member.role === null || member.role === "banned";
  if (isOut) room.info = { ...room.info, members: Math.max((room.info.members ?? 0) - 1, 0) };
  const roles = new Map(room.roles);
  if (isOut) roles.delete(member.person);
  else roles.set(member.person, member.role ?? "member");
  room.roles = roles;
  if (member.person === me && member.pos > room.toldPos) {
    // Who is out and goes on to hear the room has joined it again.
    room.info = { ...room.info, role: isOut ? "member" : (member.role ?? room.info.role) };
  }
}

/**
 * @param {KeptRoom} room
 * @param {AboutRoom} change
 */
function describe(room, change) {
  if (change.type === "changed") {
    const { name, topic = "", private: isPrivate = false, archived = false } = change;
    room.info = { ...room.info, name, topic, private: isPrivate, archived };
  } else if (room.info.support) {
    const { state, assignee, waiting_since } = change;
    room.info = { ...room.info, support: without({ ...room.info.support, state, assignee, waiting_since }) };
  }
}

/**
 * An object without its fields that are undefined or null, as on the wire.
 * @template {object} T
 * @param {T} fields
 * @returns {T}
 */
function without(fields) {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return /** @type {T} */ (Object.fromEntries(there));
}
