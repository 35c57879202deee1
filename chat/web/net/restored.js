// After a restored backup: the messages that this browser has seen and the server no longer has. They are stored until the
// person dismisses them, and the person's own can be sent again.

import { removePending } from "../model/pending.js";

/** @import { Lost, LostMessage, LostRoom } from "../model/types" */
/** @import { Model, RoomState } from "../model/model" */
/** @import { Message, RoomEvent } from "../protocol" */
/** @import { Database } from "../storage/database.js" */
/** @import { Frame } from "../model/apply.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Tabs } from "./tabs.js" */

/** @typedef {{ at: number, until?: number }} Restore the server's last one, in Unix milliseconds */
/** @typedef {ReturnType<typeof openRestored>} Restored */

/** @typedef {Pick<Database, "outbox" | "keep"> & { drafts: Pick<Database["drafts"], "all" | "put"> }} Stored */

/** Dismissed messages whose keys are kept, so that another tab does not bring them back. */
const DISMISSED = 20_000;

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {() => Stored} options.database
 * @param {Tabs} options.tabs
 * @param {Pick<ReturnType<typeof import("./outbox.js").openOutbox>, "add">} options.outbox
 */
export function openRestored({ store, database, tabs, outbox }) {
  /** @type {Restore | undefined} */
  let restore;
  let isNew = false; // since this browser was connected last
  /** @type {Map<number, number>} */
  const forks = new Map(); // the last `seq` that a room still has, of rooms that were reset
  let saving = Promise.resolve();

  /** @param {Lost | undefined} lost */
  function show(lost) {
    store.update((state) => ({ ...state, lost: lost?.rooms.length ? lost : null }));
  }

  /** @param {(lost: Lost) => Lost} change */
  async function save(change) {
    const changed = await database().keep("lost", (known) => change(/** @type {Lost | undefined} */ (known) ?? NOTHING));
    show(/** @type {Lost | undefined} */ (changed));
    tabs.send({ type: "lost" });
  }

  /** @param {LostRoom} found */
  function add(found) {
    if (found.messages.length === 0) return;
    const { at, until } = restore ?? {};
    saving = saving.then(() => save((lost) => merged({ ...lost, at, until, found: Date.now() }, found)));
  }

  /**
   * A message was acknowledged, and the restore came before its event.
   * @param {Model} state
   * @param {number} room
   * @param {number} after
   */
  function acknowledgedIn(state, room, after) {
    const lost = [...state.acknowledged].flatMap(([place, key]) => {
      const [where, seq] = place.split(":").map(Number);
      const row = state.outbox.find((each) => each.key === key);
      return where === room && seq > after && row ? [{ ...row, seq }] : [];
    });
    for (const { key } of lost) store.update((now) => removePending(now, key));
    return lost.map(({ seq, at, text, files = [] }) => ({ seq, at, text, files, sender: { id: state.me?.id ?? 0, name: state.me?.name ?? "" } }));
  }

  /**
   * @param {Model} state
   * @param {RoomState} room
   * @param {number} after
   * @param {number} since only later messages are lost
   * @param {boolean} isSame whether the server's room is the same one
   * @returns {LostRoom}
   */
  function lostIn(state, { info, messages }, after, since, isSame) {
    const held = [...messages.values()].filter((each) => each.seq > after && each.at > since && isText(each));
    const all = [...held, ...acknowledgedIn(state, info.id, after)].sort((a, b) => a.seq - b.seq);
    return { ...identity(info), room: info.id, isSame, messages: all.map((each) => lostMessage(each, state.me?.id, after)) };
  }

  return {
    /** Show what was stored. */
    load: async () => show(/** @type {Lost | undefined} */ (await database().keep("lost"))),

    /**
     * What hello says of the last restore. Returns whether it is new to this browser: then profiles are outdated, too.
     * @param {Restore | undefined} restored
     */
    begin(restored) {
      const { server, rooms } = store.get();
      isNew = restored !== undefined && restored.at !== server.restored?.at && rooms.size > 0;
      restore = restored;
      if (isNew) store.update(withoutProfileTimes);
      return isNew;
    },

    /** Note what is lost before these frames of a sync are applied. @param {readonly Frame[]} frames */
    note(frames) {
      for (const frame of frames) {
        const state = store.get();
        const event = /** @type {RoomEvent} */ (/** @type {unknown} */ (frame));
        const room = state.rooms.get(frame.type === "gone" ? Number(frame.room) : event.id);
        if (!room) continue;
        if (frame.type === "room" && event.reset === "other_history") {
          const after = event.after ?? 0;
          forks.set(event.id, after);
          add(lostIn(state, room, after, 0, after > 0 || isSameRoom(room.info, event)));
        } else if (frame.type === "gone" && isNew && restore?.until !== undefined && room.info.at <= restore.at) {
          add(lostIn(state, room, 0, restore.until, false));
        }
      }
    },

    /** After the sync, before anything is sent: what waits must not answer messages that are others now. */
    async settle() {
      isNew = false;
      await saving;
      if (forks.size === 0) return;
      for (const { reply = 0, ...row } of await database().outbox.all()) {
        if (reply > (forks.get(row.room) ?? reply)) await database().outbox.put(row);
      }
      for (const [room, { reply = 0, ...draft }] of await database().drafts.all()) {
        if (reply > (forks.get(room) ?? reply)) await database().drafts.put(room, draft);
      }
      forks.clear();
    },

    /**
     * Send own messages again, in order, to a room. Each is sent once, also from several tabs.
     * @param {number} target
     * @param {LostRoom} from
     * @param {readonly LostMessage[]} messages
     */
    async sendAgain(target, from, messages) {
      const keys = new Set();
      for (const message of messages) {
        if (!message.isMine || message.isAgain || !message.text) continue;
        const key = keyOf(from.room, message);
        const isAnswer = target === from.room && message.reply;
        await outbox.add(target, message.text, { key: `again-${key}`, ...(isAnswer ? { reply: message.reply } : {}) });
        keys.add(key);
      }
      await save((lost) => ({ ...lost, rooms: lost.rooms.map((room) => marked(room, keys)) }));
    },

    /** Show them no more. */
    dismiss: () =>
      save((lost) => {
        const keys = lost.rooms.flatMap(({ room, messages }) => messages.map((each) => keyOf(room, each)));
        return { ...NOTHING, dismissed: [...lost.dismissed, ...keys].slice(-DISMISSED) };
      }),
  };
}

/** @type {Lost} */
const NOTHING = { rooms: [], dismissed: [], found: 0 };

/** @param {number} room @param {{ seq: number, at: number }} message */
function keyOf(room, { seq, at }) {
  return `${room}-${seq}-${at}`;
}

/** @param {Pick<Message, "kind" | "deleted">} message */
function isText({ kind = "text", deleted }) {
  return kind === "text" && !deleted;
}

/**
 * @param {{ seq: number, at: number, sender: Message["sender"], text?: string, files?: readonly { name: string }[], reply?: number }} message
 * @param {number | undefined} me
 * @param {number} after
 * @returns {LostMessage}
 */
function lostMessage({ seq, at, sender, text = "", files = [], reply = 0 }, me, after) {
  return {
    ...{ seq, at, sender, text },
    ...(sender.id === me ? { isMine: true } : {}),
    ...(files.length ? { files: files.map(({ name }) => name) } : {}),
    ...(reply && reply <= after ? { reply } : {}),
  };
}

/** What a room is known by when its id may be another one's. @param {RoomState["info"] | RoomEvent} info */
function identity({ kind, name, peer }) {
  return { kind, ...(name ? { name } : {}), ...(peer ? { peer } : {}) };
}

/** @param {Pick<RoomState["info"], "kind" | "name" | "peer">} one @param {Pick<RoomState["info"], "kind" | "name" | "peer">} other */
export function isSameRoom(one, other) {
  return one.kind === other.kind && one.name === other.name && one.peer?.id === other.peer?.id && one.peer?.name === other.peer?.name;
}

/**
 * Add the messages that are not there yet, and that nobody has dismissed.
 * @param {Lost} lost
 * @param {LostRoom} found
 * @returns {Lost}
 */
function merged(lost, found) {
  const known = new Set(lost.dismissed);
  for (const { room, messages } of lost.rooms) for (const each of messages) known.add(keyOf(room, each));
  const messages = found.messages.filter((each) => !known.has(keyOf(found.room, each)));
  if (messages.length === 0) return lost;
  const same = lost.rooms.find((each) => each.room === found.room && isSameRoom(each, found));
  if (!same) return { ...lost, rooms: [...lost.rooms, { ...found, messages }].sort((a, b) => a.messages[0].at - b.messages[0].at) };
  const all = [...same.messages, ...messages].sort((a, b) => a.at - b.at || a.seq - b.seq);
  return { ...lost, rooms: lost.rooms.map((each) => (each === same ? { ...found, messages: all } : each)) };
}

/** @param {LostRoom} room @param {Set<string>} keys @returns {LostRoom} */
function marked(room, keys) {
  const messages = room.messages.map((each) => (keys.has(keyOf(room.room, each)) ? { ...each, isAgain: true } : each));
  return { ...room, messages };
}

/** Any profile that comes replaces these: the server may have older ones again. @param {Model} state @returns {Model} */
function withoutProfileTimes(state) {
  const people = new Map([...state.people].map(([id, person]) => [id, { ...person, changed: 0 }]));
  const rooms = new Map(
    [...state.rooms].map(([id, room]) => {
      const { peer, others } = room.info;
      const old = (/** @type {import("../model/types").Person} */ person) => ({ ...person, changed: 0 });
      return [id, peer || others ? { ...room, info: { ...room.info, ...(peer && { peer: old(peer) }), ...(others && { others: others.map(old) }) } } : room];
    }),
  );
  return { ...state, people, rooms };
}
