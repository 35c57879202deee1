// One room: a snapshot and the changes since. chat/client/room.py does the same, with the same test vectors.
//
// A draft is a copy that belongs to one batch; these functions change it in place.

import { recountMentions, recountAfterDeletion } from "./recount.js";
import { afterChange, messageOf } from "./messages.js";
import { withoutBefore, withRange, withShorterEnd } from "./ranges.js";
import { countsAsUnread, UNREAD_LIMIT, mentionsPerson } from "./unread.js";

/** @import { FeatureChanges, RoomDraft, RoomState } from "./model" */
/** @import { DeletedEvent, EditedEvent, MemberEvent, Message, MessageEvent, Person, RoomEvent, TrimmedEvent } from "../protocol" */
/** @import { RoomInfo } from "./types" */
/** @typedef {import("../protocol").ChangedEvent | import("../protocol").SupportEvent} DetailsChange */
/** @typedef {{ type: string, room: number, pos: number, at: number }} Change */
/** @typedef {import("./messages.js").MessageChange} MessageChange */

/** Once a room's last range has more than KEEP_AT_MOST messages, all but the newest KEEP_LAST are dropped. More than
 * anybody scrolls through. */
const KEEP_LAST = 10_000;
const KEEP_AT_MOST = 20_000;

/**
 * A new room from its snapshot.
 * @param {RoomEvent} snapshot
 * @returns {RoomState}
 */
export function roomFromSnapshot(snapshot) {
  /** @type {RoomDraft} */
  const draft = {
    room: {
      info: infoOfSnapshot(snapshot),
      messages: new Map(),
      loadedRanges: [],
      reads: new Map(),
      roles: new Map(),
      features: {},
      snapshotPos: snapshot.pos,
      changedPos: snapshot.pos,
      pendingDeletions: new Set(),
      needsCount: false,
      isReadMarkUnsure: false,
    },
    ownsMessages: true,
  };
  if (snapshot.reset) draft.room.reset = snapshot.reset;
  if (snapshot.last) addMessage(draft, snapshot.last);
  return draft.room;
}

/**
 * A room's details, with the defaults that the wire leaves out.
 * @param {RoomEvent} snapshot
 * @returns {RoomInfo}
 */
function infoOfSnapshot(snapshot) {
  const { type: _type, reset: _reset, after: _after, ...info } = snapshot;
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
 * Take this person's settings, and the room's details, from another snapshot. Messages and counts stay: changes bring
 * them in order, whatever the snapshot's position.
 * @param {RoomDraft} draft
 * @param {RoomEvent} snapshot
 */
export function applySnapshot(draft, snapshot) {
  const { room } = draft;
  const { notify, hidden, starred, name, topic, picture, private: isPrivate, archived, slow_mode, role, peer, others, support } = infoOfSnapshot(snapshot);
  room.info = withoutEmptyFields({ ...room.info, notify, hidden, starred });
  if (snapshot.first) trim(draft, snapshot.first);
  if (snapshot.pos < room.snapshotPos) return;
  room.snapshotPos = snapshot.pos;
  room.info = withoutEmptyFields({ ...room.info, name, topic, picture, private: isPrivate, archived, slow_mode, role, peer, others, support });
}

/**
 * Whether this is a newer profile of the person.
 * @param {Person | undefined} known
 * @param {Person} person
 */
export function isOlder(known, person) {
  return known?.id === person.id && (known.changed ?? 0) <= (person.changed ?? 0);
}

/**
 * Apply a change if it is the room's next one.
 * @param {RoomDraft} draft
 * @param {Change} change
 * @param {number} me
 * @param {readonly FeatureChanges[]} [features]
 * @returns {boolean} false where changes before it are missing; a change that was applied already is no gap
 */
export function applyChange(draft, change, me, features = []) {
  const { room } = draft;
  const next = room.info.pos + 1;
  if (change.pos !== next) return change.pos < next;
  room.info = { ...room.info, pos: change.pos, at: change.at };
  switch (change.type) {
    case "message":
      applyMessage(draft, /** @type {MessageEvent} */ (/** @type {unknown} */ (change)), me);
      break;
    case "edited":
    case "deleted":
      changeMessage(draft, /** @type {EditedEvent} */ (/** @type {unknown} */ (change)), me, features);
      break;
    case "member":
      applyMember(room, /** @type {MemberEvent} */ (/** @type {unknown} */ (change)), me);
      break;
    case "changed":
    case "support":
      if (change.pos > room.snapshotPos) applyDetails(room, /** @type {DetailsChange} */ (/** @type {unknown} */ (change)));
      break;
    case "trimmed":
      trim(draft, /** @type {TrimmedEvent} */ (/** @type {unknown} */ (change)).first);
      break;
    default:
      if (features.some(({ ofMessage }) => ofMessage?.[change.type])) {
        replaceMessage(draft, /** @type {MessageChange} */ (/** @type {unknown} */ (change)), me, features);
      }
  }
  for (const { name, ofRoom, ofInfo } of features) {
    const alter = ofInfo?.[change.type];
    if (alter && change.pos > room.snapshotPos) room.info = alter(room.info, change);
    const learn = ofRoom?.[change.type];
    if (learn) room.features = { ...room.features, [name]: learn(room.features[name], change) };
  }
  return true;
}

/**
 * Add a message, unless a newer state of it is loaded.
 * @param {RoomDraft} draft
 * @param {Message} message
 */
export function addMessage(draft, message) {
  const known = draft.room.messages.get(message.seq);
  if (!known || known.pos < message.pos) ownMessages(draft).set(message.seq, message);
  draft.room.loadedRanges = withRange(draft.room.loadedRanges, message.seq, message.seq);
}

/**
 * @param {RoomDraft} draft
 * @returns {Map<number, Message>} the batch's own copy of the messages
 */
function ownMessages(draft) {
  if (!draft.ownsMessages) {
    draft.room.messages = new Map(draft.room.messages);
    draft.ownsMessages = true;
  }
  return draft.room.messages;
}

/**
 * @param {RoomDraft} draft
 * @param {MessageEvent} event
 * @param {number} me
 */
function applyMessage(draft, event, me) {
  const { room } = draft;
  const message = messageOf(event);
  addMessage(draft, message);
  dropOldMessages(draft);
  if (message.deleted) room.pendingDeletions = new Set(room.pendingDeletions).add(message.seq);
  let { unread = 0, mentions = 0, read } = room.info;
  if (message.sender.id === me) {
    // Sending a message marks everything before it as read.
    [unread, mentions, read] = [0, 0, Math.max(read, message.seq)];
    room.needsCount = false;
    room.isReadMarkUnsure = true;
  } else if (countsAsUnread(message, me, read)) {
    unread = Math.min(unread + 1, UNREAD_LIMIT);
    mentions = Math.min(mentions + Number(mentionsPerson(message, me)), UNREAD_LIMIT);
  }
  const members = (room.info.members ?? 0) + Number(message.kind === "join");
  room.info = { ...room.info, seq: message.seq, unread, mentions, read, members, last: message };
  if (room.info.support && message.pos > room.snapshotPos) {
    room.info.support = withWaitingTime(room.info.support, message);
  }
}

/**
 * Messages below `first` are removed on the server.
 * @param {RoomDraft} draft
 * @param {number} first
 */
function trim(draft, first) {
  const { room } = draft;
  if (first <= (room.info.first ?? 1)) return;
  const messages = ownMessages(draft);
  for (const seq of messages.keys()) if (seq < first) messages.delete(seq);
  room.loadedRanges = withoutBefore(room.loadedRanges, first);
  room.info = { ...room.info, first };
  if (room.info.read < first - 1 && room.info.unread) room.needsCount = true;
}

/** @param {RoomDraft} draft */
function dropOldMessages(draft) {
  const { loadedRanges } = draft.room;
  const end = loadedRanges.at(-1);
  if (!end || end[1] - end[0] < KEEP_AT_MOST) return;
  const messages = ownMessages(draft);
  const first = end[1] - KEEP_LAST + 1;
  for (let seq = end[0]; seq < first; seq++) messages.delete(seq);
  draft.room.loadedRanges = withShorterEnd(loadedRanges, first);
}

/**
 * The support state after a message: its person has been waiting since their first unanswered message.
 * @param {NonNullable<RoomInfo["support"]>} support
 * @param {Message} message
 */
function withWaitingTime(support, message) {
  if (message.sender.id === support.person.id) return { waiting_since: message.at, ...support };
  const { waiting_since: _waiting, ...answered } = support;
  return answered;
}

/**
 * @param {RoomDraft} draft
 * @param {EditedEvent | DeletedEvent} change
 * @param {number} me
 * @param {readonly FeatureChanges[]} features
 */
function changeMessage(draft, change, me, features) {
  const { room } = draft;
  const before = room.messages.get(change.seq);
  replaceMessage(draft, change, me, features);
  if (change.type === "deleted" && room.pendingDeletions.has(change.seq)) {
    room.pendingDeletions = new Set([...room.pendingDeletions].filter((seq) => seq !== change.seq));
  }
  if (change.seq > room.info.read) {
    if (change.type === "deleted") recountAfterDeletion(room, before, me);
    recountMentions(room, change, before, me);
  }
}

/**
 * Put the message after a change in the place of the one before, where the room has it.
 * @param {RoomDraft} draft
 * @param {MessageChange} change
 * @param {number} me
 * @param {readonly FeatureChanges[]} features
 */
function replaceMessage(draft, change, me, features) {
  const { room } = draft;
  room.changedPos = change.pos;
  const known = room.messages.get(change.seq);
  if (known && known.pos < change.pos) ownMessages(draft).set(change.seq, afterChange(known, change, me, features));
  const { last } = room.info;
  if (last && last.seq === change.seq && last.pos < change.pos) {
    room.info = { ...room.info, last: afterChange(last, change, me, features) };
  }
}

/**
 * @param {RoomState} room
 * @param {MemberEvent} member
 * @param {number} me
 */
function applyMember(room, member, me) {
  const isOut = member.role === undefined || member.role === null || member.role === "banned";
  if (isOut) room.info = { ...room.info, members: Math.max((room.info.members ?? 0) - 1, 0) };
  if (isOut && room.info.others) room.info.others = room.info.others.filter(({ id }) => id !== member.person);
  const roles = new Map(room.roles);
  if (isOut) roles.delete(member.person);
  else roles.set(member.person, member.role ?? "member");
  room.roles = roles;
  if (member.person === me && member.pos > room.snapshotPos) {
    // This client still receives the room, so the person has joined again.
    room.info = { ...room.info, role: isOut ? "member" : (member.role ?? room.info.role) };
  }
}

/**
 * @param {RoomState} room
 * @param {DetailsChange} change
 */
function applyDetails(room, change) {
  if (change.type === "changed") {
    const { name, topic = "", private: isPrivate = false, archived = false } = change;
    room.info = { ...room.info, name, topic, private: isPrivate, archived };
  } else if (room.info.support) {
    const { state, assignee, waiting_since } = change;
    room.info = { ...room.info, support: withoutEmptyFields({ ...room.info.support, state, assignee, waiting_since }) };
  }
}

/**
 * The object without fields that are undefined or null, as on the wire.
 * @template {object} T
 * @param {T} fields
 * @returns {T}
 */
function withoutEmptyFields(fields) {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return /** @type {T} */ (Object.fromEntries(present));
}
