// Changes of the state that come together: what they change is copied once, and nothing of the state before is altered.

import { markSeen } from "./pending.js";
import { mark } from "./recount.js";
import { applyChange, isOlderPeer, newRoom, update } from "./room_state.js";

/** @import { Draft, KeptRoom, Model } from "./model" */
/** @import { ActivityEvent, GoneEvent, MembersEvent, Message, Person, PersonEvent, PolicyEvent, PresenceEvent, ReadEvent, RoomEvent } from "../protocol" */
/** @import { Change } from "./room_state.js" */

/** @typedef {{ type: string, room?: unknown, pos?: unknown }} Frame an event as it came; what is not known is passed over */
/**
 * @typedef {object} News what was not known of a room
 * @property {Frame} frame
 * @property {number} room
 * @property {number} pos how far the room is now; 0: it was left
 * @property {boolean} [isNew] nothing was known of the room
 */
/**
 * @typedef {object} Applied
 * @property {Model} state
 * @property {News[]} news
 * @property {number[]} uncounted rooms whose unread messages have to be asked for
 * @property {string[]} keys of one's own messages that are in their rooms
 */

/** Milliseconds after which another's activity is forgotten; they repeat it every three seconds. */
const ACTIVITY = 6000;

export class Batch {
  /** @param {Model} state */
  constructor(state) {
    this.before = state;
    this.state = { ...state };
    /** @type {News[]} */
    this.news = [];
    /** @type {string[]} */
    this.keys = [];
    /** @type {Map<number, Draft>} */
    this.drafts = new Map();
    this.me = state.me?.id ?? 0;
  }

  /** @returns {Applied} */
  end() {
    const uncounted = [...this.drafts].flatMap(([number, { room }]) => (room.isUncounted ? [number] : []));
    return { state: this.state, news: this.news, uncounted, keys: this.keys };
  }

  /**
   * @param {Frame} frame
   * @param {number} now
   */
  apply(frame, now) {
    switch (frame.type) {
      case "room":
        return this.tell(/** @type {RoomEvent} */ (/** @type {unknown} */ (frame)));
      case "gone":
        return this.leave(/** @type {GoneEvent} */ (/** @type {unknown} */ (frame)));
      case "read":
        return this.read(/** @type {ReadEvent} */ (/** @type {unknown} */ (frame)));
      case "members":
        return this.count(/** @type {MembersEvent} */ (/** @type {unknown} */ (frame)));
      case "person":
        return this.meet(/** @type {PersonEvent} */ (/** @type {unknown} */ (frame)));
      case "presence":
        return this.appear(/** @type {PresenceEvent} */ (/** @type {unknown} */ (frame)));
      case "policy":
        return this.changePolicy(/** @type {PolicyEvent} */ (/** @type {unknown} */ (frame)));
      case "activity":
        return this.act(/** @type {ActivityEvent} */ (/** @type {unknown} */ (frame)), now);
    }
    if (typeof frame.room === "number" && typeof frame.pos === "number") this.change(/** @type {Change} */ (frame));
  }

  /** @param {PolicyEvent} told */
  changePolicy({ server: name, lobby }) {
    this.state = { ...this.state, server: { ...this.state.server, name, lobby } };
  }

  /** @returns {Map<number, KeptRoom>} */
  rooms() {
    return this.own("rooms");
  }

  /**
   * A map or set of the state that this batch may change.
   * @template {"rooms" | "people" | "presence" | "activity" | "gaps"} K
   * @param {K} name
   * @returns {any}
   */
  own(name) {
    if (this.state[name] === this.before[name]) {
      const copy = name === "gaps" ? new Set(this.before.gaps) : new Map(/** @type {any} */ (this.before[name]));
      this.state = { ...this.state, [name]: copy };
    }
    return this.state[name];
  }

  /** @param {number} room */
  draft(room) {
    return this.state.rooms.has(room) ? this.mustDraft(room) : null;
  }

  /** @param {number} room one that is known */
  mustDraft(room) {
    let draft = this.drafts.get(room);
    if (!draft) {
      draft = { room: { .../** @type {KeptRoom} */ (this.state.rooms.get(room)) }, ownsMessages: false };
      this.rooms().set(room, draft.room);
      this.drafts.set(room, draft);
    }
    return draft;
  }

  /** @param {RoomEvent} told */
  tell(told) {
    const isNew = !this.state.rooms.has(told.id);
    const draft = told.reset === undefined ? this.draft(told.id) : null;
    if (draft) {
      update(draft, told);
    } else {
      const room = newRoom(told);
      this.rooms().set(told.id, room);
      this.drafts.set(told.id, { room, ownsMessages: true });
      this.own("gaps").delete(told.id);
    }
    this.isHere(told.peer);
    this.isHere(told.support?.person);
    if (told.last) this.seen(told.last);
    this.news.push({ frame: told, room: told.id, pos: this.mustDraft(told.id).room.info.pos, isNew });
  }

  /** @param {GoneEvent} gone */
  leave(gone) {
    if (!this.rooms().delete(gone.room)) return;
    this.drafts.delete(gone.room);
    this.own("gaps").delete(gone.room);
    this.own("activity").delete(gone.room);
    this.news.push({ frame: gone, room: gone.room, pos: 0 });
  }

  /** @param {ReadEvent} event */
  read(event) {
    if (event.person === this.me) {
      this.mark(event.room, event.seq, event.unread ?? 0, event.mentions ?? 0);
    } else {
      const draft = this.draft(event.room);
      if (draft) draft.room.reads = new Map(draft.room.reads).set(event.person, event.seq);
    }
    const room = this.state.rooms.get(event.room);
    if (room) this.news.push({ frame: event, room: event.room, pos: room.info.pos });
  }

  /**
   * @param {number} room
   * @param {number} seq
   * @param {number} unread
   * @param {number} mentions
   */
  mark(room, seq, unread, mentions) {
    const draft = this.draft(room);
    if (draft) mark(draft.room, this.me, seq, unread, mentions);
  }

  /** @param {MembersEvent} event */
  count(event) {
    const draft = this.draft(event.room);
    if (!draft) return;
    draft.room.info = { ...draft.room.info, members: event.members };
    this.news.push({ frame: event, room: event.room, pos: draft.room.info.pos });
  }

  /** @param {PersonEvent} event */
  meet(event) {
    const { type: _type, ...person } = event;
    this.isHere(person);
    for (const [number, room] of this.state.rooms) {
      if (!isOlderPeer(room, person)) continue;
      const draft = this.mustDraft(number);
      draft.room.info = { ...draft.room.info, peer: person };
    }
    if (this.state.me?.id !== person.id) return;
    const { display: _display, roles: _roles, ...own } = this.state.me;
    this.state = { ...this.state, me: { ...own, ...person } };
  }

  /** @param {Person | undefined} person */
  isHere(person) {
    if (!person) return;
    const known = this.state.people.get(person.id);
    if (!known || (known.changed ?? 0) < (person.changed ?? 0)) this.own("people").set(person.id, person);
  }

  /** @param {PresenceEvent} event */
  appear(event) {
    for (const { id, state } of event.people ?? []) {
      if (this.state.presence.get(id) !== state) this.own("presence").set(id, state);
    }
  }

  /**
   * @param {ActivityEvent} event
   * @param {number} now
   */
  act({ room, person, what }, now) {
    const before = this.state.activity.get(room);
    if (what === "none" && !before?.has(person.id)) return;
    const acts = new Map(before);
    if (what === "none") acts.delete(person.id);
    else acts.set(person.id, { name: person.name, what, until: now + ACTIVITY });
    if (acts.size) this.own("activity").set(room, acts);
    else this.own("activity").delete(room);
  }

  /** @param {Change} change */
  change(change) {
    const { info } = this.state.rooms.get(change.room) ?? {};
    if (!info) return; // its snapshot always comes first, so this room has been left
    if (change.pos > info.pos + 1) this.own("gaps").add(change.room);
    if (change.pos !== info.pos + 1) return;
    applyChange(this.mustDraft(change.room), change, this.me);
    if (change.type === "message") {
      const message = /** @type {Message} */ (/** @type {unknown} */ (change));
      this.seen(message, { isTold: true });
      this.act({ type: "activity", room: change.room, person: message.sender, what: "none" }, 0);
    }
    if (KNOWN.has(change.type)) this.news.push({ frame: change, room: change.room, pos: change.pos });
  }

  /**
   * One's own message is there: its bubble goes in the same step.
   * @param {Message} message
   * @param {{ isTold?: boolean }} [how] whether it is said now
   */
  seen(message, { isTold = false } = {}) {
    if (message.sender.id !== this.me) return;
    this.state = markSeen(this.state, message, isTold);
    if (message.key !== undefined) this.keys.push(message.key);
  }
}

const KNOWN = new Set(["message", "edited", "deleted", "reacted", "member", "changed", "support"]);
