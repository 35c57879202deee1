// Rooms as they are kept, so that a reload shows them at once and goes on from their positions.

import { EMPTY } from "../model/empty.js";
import { withRange } from "../model/ranges.js";

/** @import { KeptRoom, Model } from "../model/model" */
/** @import { Database } from "./database.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Message } from "../model/types" */

/** Messages kept of one room, and rooms of which more than the last message is kept. */
const MESSAGES = 50;
const ROOMS = 50;

/** Milliseconds between two writings. */
const BETWEEN = 1000;

/**
 * The state that is kept.
 * @param {NonNullable<Awaited<ReturnType<Database["read"]>>>} kept
 * @returns {Model}
 */
export function restored(kept) {
  const rooms = kept.rooms.map((/** @type {any} */ each) => [each.id, roomOf(each)]);
  const me = /** @type {Model["me"]} */ (kept.me);
  const peers = rooms.flatMap((/** @type {[number, KeptRoom]} */ [, { info }]) => (info.peer ? [info.peer] : []));
  return {
    ...EMPTY,
    me,
    server: /** @type {Model["server"]} */ (kept.server ?? EMPTY.server),
    isLoaded: me !== null,
    rooms: new Map(rooms),
    people: new Map(peers.map((/** @type {{ id: number }} */ peer) => [peer.id, peer])),
    outbox: kept.outbox,
    blocked: new Set(kept.blocked),
  };
}

/**
 * Keep what changes, for as long as the page is there.
 * @param {Store} store
 * @param {Database} database
 */
export function keepRooms(store, database) {
  /** @type {ReadonlyMap<number, KeptRoom>} */
  let written = new Map();
  /** @type {Pick<Model, "me" | "server" | "blocked">} */
  let about = EMPTY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function flush() {
    clearTimeout(timer);
    timer = undefined;
    const { rooms, me, server, blocked } = store.get();
    const isSame = me === about.me && server === about.server && blocked === about.blocked;
    if (!me || (rooms === written && isSame)) return;
    const whole = newest(rooms);
    const changed = [...rooms].filter(([number, room]) => written.get(number) !== room);
    const gone = [...written.keys()].filter((number) => !rooms.has(number));
    [written, about] = [rooms, { me, server, blocked }];
    await database.cache.put({
      me,
      server,
      blocked: [...blocked],
      rooms: changed.map(([number, room]) => rowOf(room, whole.has(number))),
      gone,
    });
  }

  function forget() {
    written = new Map();
    about = EMPTY;
  }

  return {
    /** Begin with what was read. */
    start() {
      written = store.get().rooms;
      about = store.get();
      store.subscribe(() => {
        timer ??= setTimeout(flush, BETWEEN);
      });
      addEventListener("pagehide", flush);
      document.addEventListener("visibilitychange", () => document.hidden && flush());
    },

    /** What was written is not there any more. */
    forget,

    /** Write into another database. @param {Database} other */
    use(other) {
      database = other;
      forget();
    },
  };
}

/** The rooms in which something was said last. @param {ReadonlyMap<number, KeptRoom>} rooms */
function newest(rooms) {
  const last = (/** @type {KeptRoom} */ { info }) => info.last?.at ?? 0;
  const sorted = [...rooms].sort(([, a], [, b]) => last(b) - last(a));
  return new Set(sorted.slice(0, ROOMS).map(([number]) => number));
}

/**
 * @param {KeptRoom} room
 * @param {boolean} isWhole
 */
function rowOf(room, isWhole) {
  const { info, messages, held, reads, toldPos, changedPos, toBeDeleted, isUncounted, hasSpoken } = room;
  const end = held.at(-1);
  /** @type {Message[]} */
  const kept = [];
  if (isWhole && end && end[1] >= info.seq) {
    for (let seq = Math.max(end[0], end[1] - MESSAGES + 1); seq <= end[1]; seq++) {
      kept.push(/** @type {Message} */ (messages.get(seq)));
    }
  }
  return { id: info.id, info, messages: kept, reads, toldPos, changedPos, toBeDeleted, isUncounted, hasSpoken };
}

/**
 * @param {any} row
 * @returns {KeptRoom}
 */
function roomOf({ id: _id, messages, info, ...rest }) {
  const kept = /** @type {Message[]} */ (messages.length || !info.last ? messages : [info.last]);
  /** @type {KeptRoom["held"]} */
  let held = [];
  if (kept.length) held = withRange([], kept[0].seq, /** @type {Message} */ (kept.at(-1)).seq);
  return { ...rest, info, roles: new Map(), messages: new Map(kept.map((each) => [each.seq, each])), held };
}
