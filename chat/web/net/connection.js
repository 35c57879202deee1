// Keeps the page connected: one WebSocket after another, each with hello and sync, until the session ends.

import { applyAll, clearGaps, recheckReadMarks } from "../model/apply.js";
import { ADDRESS_BANNED, openBackoff, SESSION_ENDED, TOKEN_EXPIRED, TOO_MANY_CONNECTIONS } from "./backoff.js";
import { isChatError, offline } from "./errors.js";
import { HELLO_TIMEOUT, keepAlive, PING_TIMEOUT, probe } from "./keep_alive.js";
import { requestCounts } from "./read_marks.js";
import { openSocket } from "./socket.js";

/** @import { ChatError, Connection as ConnectionState } from "../model/types" */
/** @import { FeatureChanges } from "../model/model" */
/** @import { Frame, RoomUpdate } from "../model/apply.js" */
/** @import { Session } from "./session.js" */
/** @import { Ending, Socket } from "./socket.js" */
/** @import { Store } from "../model/store.js" */

/** @typedef {ReturnType<typeof openConnection>} Connection */

/** Milliseconds for the reply to a sync; a silent server is abandoned. */
const SYNC_TIMEOUT = 75_000;

/** Milliseconds without a connection until the page shows that it is offline. */
const OFFLINE_AFTER = 2_000;

/** The support conversations that an operator's first sync brings; the inbox loads the others as one scrolls. */
const FIRST_CONVERSATIONS = 50;

/** Milliseconds between two requests for missing changes: a server whose log lacks them must not get requests in a busy loop. */
const FILL_INTERVAL = 200;

/** The reason for which hello is refused to somebody who must set up a second factor first. */
const FACTOR_REQUIRED = "second_factor_required";

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {Session} options.session
 * @param {(updates: RoomUpdate[], keys: string[]) => void} options.onUpdates called with room updates, and with the keys of
 *   this person's messages that have appeared
 * @param {(signal: AbortSignal) => void} options.onLive called when everything is up to date; the signal aborts when the
 *   connection ends
 * @param {() => import("./restored.js").Restored | undefined} [options.restored] there after `loadFeatures`
 * @param {() => Promise<readonly FeatureChanges[]>} options.loadFeatures called before each connection; rejects with a ChatError
 */
export function openConnection({ store, session, onUpdates, onLive, restored = () => undefined, loadFeatures }) {
  const backoff = openBackoff(Math.random);
  /** @type {Socket | null} */
  let socket = null;
  let isLive = false;
  let isRunning = false;
  let generation = 0; // which call of `start` is the current one
  /** @type {(() => void) | null} */
  let skipWait = null;
  /** @type {Set<{ resolve: () => void, reject: (error: ChatError) => void }>} */
  const waitingForLive = new Set();
  /** @type {number | null} */
  let since = null; // the `at` of the newest event before the first sync that was cut off
  let offlineSince = 0;
  let attemptedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let offlineTimer;
  let roomsToCount = /** @type {Set<number>} */ (new Set());
  let isFilling = false;
  /** @type {readonly FeatureChanges[]} */
  let features = [];
  /** @type {string | null} */
  let pageVersion = null; // the version of the server that the page came from

  /** @param {ConnectionState} connection */
  function show(connection) {
    store.update((state) => ({ ...state, connection }));
  }

  /** Connect, and stay connected. */
  async function start() {
    stop();
    isRunning = true;
    const mine = ++generation;
    goOffline();
    while (isRunning && mine === generation) {
      const { ending, wasLive } = await connect();
      if (!isRunning || mine !== generation) return;
      if (ending.reason === FACTOR_REQUIRED) {
        stop();
        return show({ state: "second_factor" });
      }
      // Where the network is banned, the refresh says until when.
      if ([TOKEN_EXPIRED, SESSION_ENDED, ADDRESS_BANNED].includes(ending.code)) session.invalidate(ending.reason);
      const wait = backoff.delayAfter(ending, wasLive);
      goOffline({ retryAt: Date.now() + wait, ...(ending.code === TOO_MANY_CONNECTIONS ? { why: "too_many_tabs" } : {}), ...(ending.code === ADDRESS_BANNED ? { why: "banned", refusal: ending.refusal } : {}) });
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait);
        skipWait = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
      skipWait = null;
    }
  }

  /** Disconnect until the next `start`. */
  function stop() {
    isRunning = false;
    generation++;
    clearTimeout(offlineTimer);
    offlineTimer = undefined;
    offlineSince = 0;
    socket?.close();
    skipWait?.();
    const error = offline();
    for (const { reject } of waitingForLive) reject(error);
    waitingForLive.clear();
  }

  /**
   * The connection is lost. The page shows it after a moment.
   * @param {{ retryAt?: number, why?: "too_many_tabs" | "banned", refusal?: import("../model/types").ChatError }} [more]
   */
  function goOffline(more = {}) {
    offlineSince ||= Date.now();
    const connection = /** @type {const} */ ({ state: "offline", since: offlineSince, ...more });
    if (store.get().connection.state === "offline" || more.why) return show(connection);
    show({ state: "connecting" });
    offlineTimer ??= setTimeout(() => {
      if (!isLive && isRunning && store.get().connection.state !== "offline") show({ state: "offline", since: offlineSince });
    }, OFFLINE_AFTER);
  }

  /**
   * Connect once, and resolve when that connection has ended.
   * @returns {Promise<{ ending: Ending & { retryMs?: number, refusal?: import("../model/types").ChatError }, wasLive: boolean }>}
   */
  async function connect() {
    const ended = new AbortController();
    attemptedAt = Date.now();
    /** @type {Ending | null} */
    let ending = null;
    /** @type {Promise<void>} */
    let closed = Promise.resolve();
    let wasLive = false;
    try {
      const token = await session.access(); // before the socket opens, because hello must follow within ten seconds
      features = await loadFeatures();
      if (!isRunning) return { ending: { code: 0 }, wasLive };
      closed = new Promise((resolve) => {
        socket = openSocket({
          onFrames: receive,
          onClose(how) {
            ending = how;
            isLive = false;
            socket = null;
            ended.abort();
            resolve();
          },
        });
      });
      const mine = /** @type {Socket | null} */ (socket);
      if (!mine) throw offline();
      await mine.opened;
      await sayHello(mine, token);
      await sync(mine);
      await restored()?.settle();
      wasLive = true;
      goLive(ended.signal);
      keepAlive(mine, session, () => backoff.nextDelay(), ended.signal);
      await closed;
    } catch (error) {
      /** @type {Socket | null} */ (socket)?.close();
      await closed;
      if (!isChatError(error)) {
        reportError(error); // a defect of the page; it keeps trying to connect
        return { ending: { code: 0 }, wasLive };
      }
      if (error.reason?.startsWith("address_banned")) return { ending: { code: ADDRESS_BANNED, refusal: error }, wasLive };
      const isAboutToken = error.code === "expired" || error.code === "unauthenticated";
      const code = isAboutToken ? TOKEN_EXPIRED : 0;
      const retry = error.retryMs === undefined ? {} : { retryMs: error.retryMs };
      if (error.reason === FACTOR_REQUIRED) return { ending: { code, reason: FACTOR_REQUIRED }, wasLive };
      ending = { code, .../** @type {Ending | null} */ (ending)?.code ? /** @type {any} */ (ending) : {}, ...retry };
    }
    return { ending: ending ?? { code: 0 }, wasLive };
  }

  /**
   * @param {Socket} socket
   * @param {string} token
   */
  async function sayHello(socket, token) {
    const hello = await socket.request("hello", { token, client: "web" }, HELLO_TIMEOUT);
    const { me, server, version, lobby, calls, emoji, limits, features = [] } = hello;
    if (restored()?.begin(hello.restored)) since = 0;
    store.update((state) => ({
      ...state,
      me,
      server: { name: server, version, features, lobby, calls, emoji, restored: hello.restored, limits: { ...state.server.limits, ...limits } },
      isOutdated: state.isOutdated || (pageVersion !== null && pageVersion !== version),
    }));
    pageVersion ??= version;
  }

  /** Request all changes since the known positions. @param {Socket} socket */
  async function sync(socket) {
    store.update((state) => ({ ...state, gaps: new Set() }));
    const rooms = [...store.get().rooms.values()].map(({ info: { id, pos, at } }) => ({ room: id, pos, at }));
    if (rooms.length) since ??= Math.max(...rooms.map(({ at }) => at));
    const most = store.get().server.limits.known ?? 1000;
    do {
      const known = rooms.splice(0, most);
      const isLast = rooms.length === 0;
      const more = isLast ? { conversations: FIRST_CONVERSATIONS, ...(since === null ? {} : { since }) } : {};
      const { left_out: open } = await socket.request("sync", { known, rest: isLast, ...more }, SYNC_TIMEOUT);
      markSynced(known);
      const none = { waiting: 0, mine: 0, unread: 0, unread_in: 0 };
      store.update((state) => ({ ...state, leftOut: open ? { ...none, ...state.leftOut, open } : null }));
    } while (rooms.length);
    since = null;
    store.update(recheckReadMarks);
    for (const [number, room] of store.get().rooms) if (room.needsCount) roomsToCount.add(number);
  }

  /** @param {{ room: number }[]} known */
  function markSynced(known) {
    const rooms = known.map(({ room }) => room);
    store.update((state) => clearGaps(state, rooms));
  }

  /** @param {AbortSignal} signal */
  function goLive(signal) {
    isLive = true;
    offlineSince = 0;
    clearTimeout(offlineTimer);
    offlineTimer = undefined;
    store.update((state) => ({ ...state, connection: { state: "live" }, isLoaded: true }));
    for (const { resolve } of waitingForLive) resolve();
    waitingForLive.clear();
    onLive(signal);
    fillGaps();
  }

  /** @param {Frame[]} frames */
  function receive(frames) {
    if (!isLive) restored()?.note(frames);
    const applied = applyAll(store.get(), frames, Date.now(), features);
    for (const room of applied.roomsToCount) roomsToCount.add(room);
    store.update(() => applied.state);
    onUpdates(applied.updates, applied.keys);
    if (isLive) fillGaps();
  }

  /** Request missing changes and unread counts until none is missing. */
  async function fillGaps() {
    if (isFilling) return;
    isFilling = true;
    try {
      while (socket && isLive && (store.get().gaps.size || roomsToCount.size)) {
        await syncGaps(socket);
        await countUnread(socket);
        await new Promise((resolve) => setTimeout(resolve, FILL_INTERVAL));
      }
    } catch (error) {
      if (!isChatError(error)) throw error;
      socket?.close(); // the next connection begins with a sync
    } finally {
      isFilling = false;
    }
  }

  /** @param {Socket} socket */
  async function syncGaps(socket) {
    const { gaps, rooms, server } = store.get();
    const asked = [...gaps].slice(0, server.limits.known ?? 1000); // the rest follows in the next round
    const infos = asked.flatMap((room) => rooms.get(room)?.info ?? []);
    const known = infos.map(({ id, pos, at }) => ({ room: id, pos, at }));
    if (known.length) await socket.request("sync", { known, rest: false }, SYNC_TIMEOUT);
    markSynced(asked.map((room) => ({ room })));
  }

  /** @param {Socket} socket */
  async function countUnread(socket) {
    const rooms = roomsToCount;
    roomsToCount = new Set();
    const { later, wait } = await requestCounts(socket, store, rooms);
    if (later.length > 0) setTimeout(countAgain, wait, later);
  }

  /** @param {number[]} rooms */
  function countAgain(rooms) {
    for (const room of rooms) roomsToCount.add(room);
    if (isLive) fillGaps();
  }

  return {
    start,
    stop,

    /** Whether everything is up to date. */
    isLive: () => isLive,

    /** Resolves once everything is up to date; rejects when the session ends. */
    live() {
      return isLive
        ? Promise.resolve()
        : new Promise((resolve, reject) => waitingForLive.add({ resolve: () => resolve(undefined), reject }));
    },

    /**
     * Send a request on the current connection; rejects with "offline" if there is none.
     * @param {string} type
     * @param {object} [fields]
     * @returns {Promise<any>}
     */
    request(type, fields) {
      return socket && isLive ? socket.request(type, fields) : Promise.reject(offline());
    },

    /** The computer may have slept: check the server, and reconnect if it does not answer soon. @param {boolean} isLong */
    wake(isLong) {
      if (skipWait) skipWait();
      else if (!isLive && Date.now() - attemptedAt > PING_TIMEOUT) socket?.close(); // the attempt began on another network
      else if (isLive && socket) probe(socket, isLong);
    },

    /** Close the connection and open another. */
    reconnect() {
      socket?.close();
    },
  };
}
