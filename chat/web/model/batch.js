// Applies several frames at once: what they change is copied once, and the state before is never altered.

import { settleOwnMessage } from "./pending.js";
import { moveReadMark } from "./recount.js";
import { applyChange, applySnapshot, isOlder, roomFromSnapshot } from "./room_state.js";

/** @import { FeatureChanges, Model, RoomDraft, RoomState } from "./model" */
/** @import { ActivityEvent, BlocksEvent, GoneEvent, MembersEvent, Message, Person, PersonEvent, PolicyEvent, PresenceEvent, ReadEvent, RoomEvent } from "../protocol" */
/** @import { Change } from "./room_state.js" */

/** @typedef {{ type: string, room?: unknown, pos?: unknown }} Frame an event; unknown types are ignored */
/**
 * @typedef {object} RoomUpdate a frame that changed a room
 * @property {Frame} frame
 * @property {number} room
 * @property {number} pos the room's position after it; 0: this person is no longer in the room
 * @property {boolean} [isNew] the room was unknown before
 */
/**
 * @typedef {object} Applied
 * @property {Model} state
 * @property {RoomUpdate[]} updates
 * @property {number[]} roomsToCount rooms whose unread counts must be requested
 * @property {string[]} keys of this person's messages that have appeared in their rooms
 */

/** Milliseconds after which another person's typing expires; they repeat it every three seconds. */
const ACTIVITY_LIFETIME = 6000;

export class Batch {
  /** @param {Model} state @param {readonly FeatureChanges[]} [features] */
  constructor(state, features = []) {
    this.before = state;
    this.features = features;
    this.state = { ...state };
    /** @type {RoomUpdate[]} */
    this.updates = [];
    /** @type {string[]} */
    this.keys = [];
    /** @type {Map<number, RoomDraft>} */
    this.drafts = new Map();
    this.me = state.me?.id ?? 0;
  }

  /** @returns {Applied} */
  result() {
    const roomsToCount = [...this.drafts].flatMap(([number, { room }]) => (room.needsCount ? [number] : []));
    return { state: this.state, updates: this.updates, roomsToCount, keys: this.keys };
  }

  /**
   * @param {Frame} frame
   * @param {number} now
   */
  apply(frame, now) {
    switch (frame.type) {
      case "room":
        return this.applyRoom(/** @type {RoomEvent} */ (/** @type {unknown} */ (frame)));
      case "gone":
        return this.applyGone(/** @type {GoneEvent} */ (/** @type {unknown} */ (frame)));
      case "read":
        return this.applyRead(/** @type {ReadEvent} */ (/** @type {unknown} */ (frame)));
      case "blocks":
        this.state = { ...this.state, blocked: new Set(/** @type {BlocksEvent} */ (/** @type {unknown} */ (frame)).people) };
        return;
      case "members":
        return this.applyMembers(/** @type {MembersEvent} */ (/** @type {unknown} */ (frame)));
      case "person":
        return this.applyPerson(/** @type {PersonEvent} */ (/** @type {unknown} */ (frame)));
      case "presence":
        return this.applyPresence(/** @type {PresenceEvent} */ (/** @type {unknown} */ (frame)));
      case "policy":
        return this.applyPolicy(/** @type {PolicyEvent} */ (/** @type {unknown} */ (frame)));
      case "activity":
        return this.applyActivity(/** @type {ActivityEvent} */ (/** @type {unknown} */ (frame)), now);
    }
    if (typeof frame.room === "number" && typeof frame.pos === "number") this.applyRoomChange(/** @type {Change} */ (frame));
    for (const { name, ofOwn } of this.features) {
      const learn = ofOwn?.[frame.type];
      if (learn) this.state = { ...this.state, own: { ...this.state.own, [name]: learn(this.state.own[name], frame) } };
    }
  }

  /** @param {PolicyEvent} event */
  applyPolicy({ server: name, lobby, calls, emoji }) {
    this.state = { ...this.state, server: { ...this.state.server, name, lobby, calls, emoji } };
  }

  /** @returns {Map<number, RoomState>} */
  rooms() {
    return this.copyOf("rooms");
  }

  /**
   * Copy a map or set of the state on the first call; the batch may change the copy.
   * @template {"rooms" | "people" | "presence" | "activity" | "gaps"} K
   * @param {K} name
   * @returns {any}
   */
  copyOf(name) {
    if (this.state[name] === this.before[name]) {
      const copy = name === "gaps" ? new Set(this.before.gaps) : new Map(/** @type {any} */ (this.before[name]));
      this.state = { ...this.state, [name]: copy };
    }
    return this.state[name];
  }

  /** @param {number} room */
  draftOf(room) {
    return this.state.rooms.has(room) ? this.knownDraft(room) : null;
  }

  /** @param {number} room a room of the state */
  knownDraft(room) {
    let draft = this.drafts.get(room);
    if (!draft) {
      draft = { room: { .../** @type {RoomState} */ (this.state.rooms.get(room)) }, ownsMessages: false };
      this.rooms().set(room, draft.room);
      this.drafts.set(room, draft);
    }
    return draft;
  }

  /** @param {RoomEvent} event */
  applyRoom(event) {
    const isNew = !this.state.rooms.has(event.id);
    const draft = event.reset === undefined ? this.draftOf(event.id) : null;
    if (draft) {
      applySnapshot(draft, event);
      // A room that the page knows by a call may be new to the server's socket, which sends no changes up to here.
      if (event.pos > draft.room.info.pos) this.copyOf("gaps").add(event.id);
    } else {
      const room = roomFromSnapshot(event);
      this.rooms().set(event.id, room);
      this.drafts.set(event.id, { room, ownsMessages: true });
      this.copyOf("gaps").delete(event.id);
    }
    this.addPerson(event.peer);
    this.addPerson(event.support?.person);
    for (const each of event.others ?? []) this.addPerson(each);
    if (event.last) this.settleOwn(event.last);
    this.updates.push({ frame: event, room: event.id, pos: this.knownDraft(event.id).room.info.pos, isNew });
  }

  /** @param {GoneEvent} event */
  applyGone(event) {
    if (this.state.rooms.has(event.room)) {
      this.rooms().delete(event.room);
      this.drafts.delete(event.room);
      this.copyOf("gaps").delete(event.room);
      this.copyOf("activity").delete(event.room);
    }
    this.updates.push({ frame: event, room: event.room, pos: 0 });
  }

  /** @param {ReadEvent} event */
  applyRead(event) {
    if (event.person === this.me) {
      this.moveReadMark(event.room, event.seq, event.unread ?? 0, event.mentions ?? 0);
    } else {
      const draft = this.draftOf(event.room);
      if (draft) draft.room.reads = new Map(draft.room.reads).set(event.person, event.seq);
    }
    const room = this.state.rooms.get(event.room);
    if (room) this.updates.push({ frame: event, room: event.room, pos: room.info.pos });
  }

  /**
   * @param {number} room
   * @param {number} seq
   * @param {number} unread
   * @param {number} mentions
   */
  moveReadMark(room, seq, unread, mentions) {
    const draft = this.draftOf(room);
    if (draft) moveReadMark(draft.room, this.me, seq, unread, mentions);
  }

  /** @param {MembersEvent} event */
  applyMembers(event) {
    const draft = this.draftOf(event.room);
    if (!draft) return;
    draft.room.info = { ...draft.room.info, members: event.members };
    this.updates.push({ frame: event, room: event.room, pos: draft.room.info.pos });
  }

  /** @param {PersonEvent} event */
  applyPerson(event) {
    const { type: _type, ...person } = event;
    this.addPerson(person);
    for (const [number, room] of this.state.rooms) {
      const { peer, others } = room.info;
      if (isOlder(peer, person)) this.knownDraft(number).room.info = { ...room.info, peer: person };
      if (others?.some((each) => isOlder(each, person))) {
        this.knownDraft(number).room.info = { ...room.info, others: others.map((each) => (each.id === person.id ? person : each)) };
      }
    }
    if (this.state.me?.id !== person.id) return;
    const { display: _display, picture: _picture, status: _status, roles: _roles, ...own } = this.state.me;
    this.state = { ...this.state, me: { ...own, ...person } };
  }

  /** @param {Person | undefined} person */
  addPerson(person) {
    if (!person) return;
    const known = this.state.people.get(person.id);
    if (!known || (known.changed ?? 0) < (person.changed ?? 0)) this.copyOf("people").set(person.id, person);
  }

  /** @param {PresenceEvent} event */
  applyPresence(event) {
    for (const { id, state } of event.people ?? []) {
      if (this.state.presence.get(id) !== state) this.copyOf("presence").set(id, state);
    }
  }

  /**
   * @param {ActivityEvent} event
   * @param {number} now
   */
  applyActivity({ room, person, what }, now) {
    const before = this.state.activity.get(room);
    if (what === "none" && !before?.has(person.id)) return;
    const activities = new Map(before);
    if (what === "none") activities.delete(person.id);
    else activities.set(person.id, { name: person.name, what, until: now + ACTIVITY_LIFETIME });
    if (activities.size) this.copyOf("activity").set(room, activities);
    else this.copyOf("activity").delete(room);
  }

  /** @param {Change} change */
  applyRoomChange(change) {
    const { info } = this.state.rooms.get(change.room) ?? {};
    if (!info) return; // a snapshot always comes first, so this person has left the room
    if (change.pos > info.pos + 1) this.copyOf("gaps").add(change.room);
    if (change.pos !== info.pos + 1) return;
    applyChange(this.knownDraft(change.room), change, this.me, this.features);
    if (change.type === "message") {
      const message = /** @type {Message} */ (/** @type {unknown} */ (change));
      this.settleOwn(message, { isNew: true });
      this.applyActivity({ type: "activity", room: change.room, person: message.sender, what: "none" }, 0);
    }
    const { type } = change;
    const isOfFeature = this.features.some(({ ofMessage, ofRoom }) => ofMessage?.[type] ?? ofRoom?.[type]);
    if (isOfFeature || UPDATE_TYPES.has(type)) this.updates.push({ frame: change, room: change.room, pos: change.pos });
  }

  /**
   * Settle the pending message that a message of this person answers.
   * @param {Message} message
   * @param {{ isNew?: boolean }} [options] `isNew`: it was just sent
   */
  settleOwn(message, { isNew = false } = {}) {
    if (message.sender.id !== this.me) return;
    this.state = settleOwnMessage(this.state, message, isNew);
    if (message.key !== undefined) this.keys.push(message.key);
  }
}

const UPDATE_TYPES = new Set(["message", "edited", "deleted", "member", "changed", "support", "trimmed"]);
