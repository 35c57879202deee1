// Stores rooms, so that a reload shows them at once and syncs from their positions.

import { EMPTY } from "../model/store.js";
import { withRange } from "../model/ranges.js";

/** @import { RoomState, Model } from "../model/model" */
/** @import { Database } from "./database.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Message } from "../model/types" */

/** Messages stored of one room, and rooms of which more than the last message is stored. */
const MESSAGES = 50;
const ROOMS = 50;

/** Milliseconds between two writes. */
const WRITE_INTERVAL = 1000;

/**
 * The state that is stored.
 * @param {NonNullable<Awaited<ReturnType<Database["read"]>>>} stored
 * @returns {Model}
 */
export function restoredState(stored) {
  const rooms = stored.rooms.map((/** @type {any} */ each) => [each.id, roomFromRow(each)]);
  const me = /** @type {Model["me"]} */ (stored.me);
  const peers = rooms.flatMap((/** @type {[number, RoomState]} */ [, { info }]) => info.others ?? (info.peer ? [info.peer] : []));
  return {
    ...EMPTY,
    me,
    server: /** @type {Model["server"]} */ (stored.server ?? EMPTY.server),
    isLoaded: me !== null,
    rooms: new Map(rooms),
    people: new Map(peers.map((/** @type {{ id: number }} */ peer) => [peer.id, peer])),
    outbox: stored.outbox,
    blocked: new Set(stored.blocked),
    own: stored.folders ? { folders: stored.folders } : {}, // without them the list would move once they are read
  };
}

/**
 * Store changed rooms while the page is open.
 * @param {Store} store
 * @param {Database} database
 */
export function openRoomCache(store, database) {
  /** @type {ReadonlyMap<number, RoomState>} */
  let written = new Map();
  /** @type {Pick<Model, "me" | "server" | "blocked" | "own">} */
  let details = EMPTY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function flush() {
    clearTimeout(timer);
    timer = undefined;
    const { rooms, me, server, blocked, own } = store.get();
    const isSame = me === details.me && server === details.server && blocked === details.blocked && own.folders === details.own.folders;
    if (!me || (rooms === written && isSame)) return;
    const latest = latestRooms(rooms);
    const changed = [...rooms].filter(([number, room]) => written.get(number) !== room);
    const gone = [...written.keys()].filter((number) => !rooms.has(number));
    [written, details] = [rooms, { me, server, blocked, own }];
    await database.cache.put({
      me,
      server,
      blocked: [...blocked],
      folders: own.folders,
      rooms: changed.map(([number, room]) => rowFromRoom(room, latest.has(number))),
      gone,
    });
  }

  function forget() {
    written = new Map();
    details = EMPTY;
  }

  return {
    /** Begin with the state that was read from the database. */
    start() {
      written = store.get().rooms;
      details = store.get();
      store.subscribe(() => {
        timer ??= setTimeout(flush, WRITE_INTERVAL);
      });
      addEventListener("pagehide", flush);
      document.addEventListener("visibilitychange", () => document.hidden && flush());
    },

    /** The database was wiped: write everything again. */
    forget,

    /** Switch to another database. @param {Database} other */
    use(other) {
      database = other;
      forget();
    },
  };
}

/** The rooms with the latest messages. @param {ReadonlyMap<number, RoomState>} rooms */
function latestRooms(rooms) {
  const last = (/** @type {RoomState} */ { info }) => info.last?.at ?? 0;
  const sorted = [...rooms].sort(([, a], [, b]) => last(b) - last(a));
  return new Set(sorted.slice(0, ROOMS).map(([number]) => number));
}

/**
 * A room as a row. Rows are older than some names of this code, so they have names of their own.
 * @param {RoomState} room
 * @param {boolean} withMessages
 */
function rowFromRoom(room, withMessages) {
  const { info, messages, loadedRanges, reads, features, snapshotPos, changedPos, pendingDeletions, needsCount, isReadMarkUnsure } = room;
  const end = loadedRanges.at(-1);
  /** @type {Message[]} */
  const stored = [];
  if (withMessages && end && end[1] >= info.seq) {
    for (let seq = Math.max(end[0], end[1] - MESSAGES + 1); seq <= end[1]; seq++) {
      stored.push(/** @type {Message} */ (messages.get(seq)));
    }
  }
  return {
    id: info.id,
    info,
    messages: stored,
    reads,
    features,
    changedPos,
    toldPos: snapshotPos,
    toBeDeleted: pendingDeletions,
    isUncounted: needsCount,
    hasSpoken: isReadMarkUnsure,
  };
}

/**
 * @param {any} row
 * @returns {RoomState}
 */
function roomFromRow({ messages, info, reads, features = {}, changedPos, toldPos, toBeDeleted, isUncounted, hasSpoken }) {
  const stored = /** @type {Message[]} */ (messages.length || !info.last ? messages : [info.last]);
  /** @type {RoomState["loadedRanges"]} */
  let loadedRanges = [];
  if (stored.length) loadedRanges = withRange([], stored[0].seq, /** @type {Message} */ (stored.at(-1)).seq);
  return {
    info,
    reads,
    features,
    roles: new Map(),
    messages: new Map(stored.map((each) => [each.seq, each])),
    loadedRanges,
    changedPos,
    snapshotPos: toldPos,
    pendingDeletions: toBeDeleted,
    needsCount: isUncounted,
    isReadMarkUnsure: hasSpoken,
  };
}
