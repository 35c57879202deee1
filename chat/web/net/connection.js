// Keeps the page connected: one connection after another, each with hello and sync, until the session is over.

import { applyAll, doubtMarks, synced } from "../model/apply.js";
import { HELLO, keepAlive, PING, probe } from "./keep_alive.js";
import { openBackoff, SESSION_ENDED, TOKEN_EXPIRED, TOO_MANY } from "./backoff.js";
import { isChatError, offline } from "./errors.js";
import { openSocket } from "./socket.js";
import { askUnread } from "./unread_counts.js";

/** @import { ChatError, Line as LineState } from "../model/types" */
/** @import { Frame, News } from "../model/apply.js" */
/** @import { Session } from "./session.js" */
/** @import { Ending, Socket } from "./socket.js" */
/** @import { Store } from "../model/store.js" */

/** @typedef {ReturnType<typeof openLine>} Line */

/** Milliseconds for an answer; a silent server is left. */
const SYNC = 75_000;

/** Milliseconds without a line until the page says so. */
const OFFLINE_AFTER = 2_000;

/** Milliseconds between two looks at what is missing: a server with a hole in its log is not asked without pause. */
const BETWEEN_SYNCS = 200;

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {Session} options.session
 * @param {(news: News[], keys: string[]) => void} options.onNews told of what is new, and of keys that are in their rooms
 * @param {(signal: AbortSignal) => void} options.onLive everything is up to date; the signal ends with the connection
 */
export function openLine({ store, session, onNews, onLive }) {
  const backoff = openBackoff(Math.random);
  /** @type {Socket | null} */
  let socket = null;
  let isLive = false;
  let isRunning = false;
  let run = 0; // which run of `start` is the current one
  /** @type {(() => void) | null} */
  let hurry = null;
  /** @type {Set<{ resolve: () => void, reject: (error: ChatError) => void }>} */
  const waitingForLive = new Set();
  /** @type {number | null} */
  let since = null; // the `at` of the newest event before the first sync that was cut off
  let lostAt = 0;
  let triedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let offlineTimer;
  let uncounted = /** @type {Set<number>} */ (new Set());
  let isMending = false;

  /** @param {LineState} line */
  function show(line) {
    store.update((state) => ({ ...state, line }));
  }

  /** Connect, and stay connected. */
  async function start() {
    stop();
    isRunning = true;
    const mine = ++run;
    lose();
    while (isRunning && mine === run) {
      const { ending, wasUp } = await connect();
      if (!isRunning || mine !== run) return;
      if (ending.code === TOKEN_EXPIRED || ending.code === SESSION_ENDED) session.doubt(ending.reason);
      const wait = backoff.after(ending, wasUp);
      lose({ retryAt: Date.now() + wait, ...(ending.code === TOO_MANY ? { why: "too_many_tabs" } : {}) });
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait);
        hurry = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
      hurry = null;
    }
  }

  /** End it, for good until `start`. */
  function stop() {
    isRunning = false;
    run++;
    clearTimeout(offlineTimer);
    offlineTimer = undefined;
    lostAt = 0;
    socket?.leave();
    hurry?.();
    const error = offline();
    for (const { reject } of waitingForLive) reject(error);
    waitingForLive.clear();
  }

  /**
   * The line is down; the page says so after a moment.
   * @param {{ retryAt?: number, why?: "too_many_tabs" }} [more]
   */
  function lose(more = {}) {
    lostAt ||= Date.now();
    const line = /** @type {const} */ ({ state: "offline", since: lostAt, ...more });
    if (store.get().line.state === "offline" || more.why) return show(line);
    show({ state: "connecting" });
    offlineTimer ??= setTimeout(() => {
      if (!isLive && isRunning) show({ state: "offline", since: lostAt });
    }, OFFLINE_AFTER);
  }

  /** @returns {Promise<{ ending: Ending & { retryMs?: number }, wasUp: boolean }>} how a connection went */
  async function connect() {
    const over = new AbortController();
    triedAt = Date.now();
    /** @type {Ending | null} */
    let ending = null;
    /** @type {Promise<void>} */
    let closed = Promise.resolve();
    let wasUp = false;
    try {
      const token = await session.access(); // before the socket: hello has ten seconds there
      if (!isRunning) return { ending: { code: 0 }, wasUp };
      closed = new Promise((resolve) => {
        socket = openSocket({
          onFrames: receive,
          onClose(told) {
            ending = told;
            isLive = false;
            socket = null;
            over.abort();
            resolve();
          },
        });
      });
      const mine = /** @type {Socket | null} */ (socket);
      if (!mine) throw offline();
      await mine.opened;
      await greet(mine, token);
      await sync(mine);
      wasUp = true;
      beUp(over.signal);
      keepAlive(mine, session, () => backoff.next(), over.signal);
      await closed;
    } catch (error) {
      /** @type {Socket | null} */ (socket)?.leave();
      await closed;
      if (!isChatError(error)) {
        reportError(error); // a fault of the page does not end its trying
        return { ending: { code: 0 }, wasUp };
      }
      const isOfToken = error.code === "expired" || error.code === "unauthenticated";
      const code = isOfToken ? TOKEN_EXPIRED : 0;
      const retry = error.retryMs === undefined ? {} : { retryMs: error.retryMs };
      ending = { code, .../** @type {Ending | null} */ (ending)?.code ? /** @type {any} */ (ending) : {}, ...retry };
    }
    return { ending: ending ?? { code: 0 }, wasUp };
  }

  /**
   * @param {Socket} socket
   * @param {string} token
   */
  async function greet(socket, token) {
    const { me, server, version, lobby, limits, features = [] } = await socket.ask("hello", { token, client: "web" }, HELLO);
    store.update((state) => ({
      ...state,
      me,
      server: { name: server, version, features, lobby, limits: { ...state.server.limits, ...limits } },
      isOutdated: state.isOutdated || (greeted !== null && greeted !== version),
    }));
    greeted ??= version;
  }

  /** @type {string | null} */
  let greeted = null; // the version of the server that the page came from

  /** @param {Socket} socket */
  async function sync(socket) {
    store.update((state) => ({ ...state, gaps: new Set() }));
    const rooms = [...store.get().rooms.values()].map(({ info: { id, pos, at } }) => ({ room: id, pos, at }));
    if (rooms.length) since ??= Math.max(...rooms.map(({ at }) => at));
    const most = store.get().server.limits.known ?? 1000;
    do {
      const known = rooms.splice(0, most);
      const isLast = rooms.length === 0;
      await socket.ask("sync", { known, rest: isLast, ...(isLast && since !== null ? { since } : {}) }, SYNC);
      finish(known);
    } while (rooms.length);
    since = null;
    store.update(doubtMarks);
    for (const [number, room] of store.get().rooms) if (room.isUncounted) uncounted.add(number);
  }

  /** @param {{ room: number }[]} known */
  function finish(known) {
    const rooms = known.map(({ room }) => room);
    store.update((state) => synced(state, rooms));
  }

  /** @param {AbortSignal} signal */
  function beUp(signal) {
    isLive = true;
    lostAt = 0;
    clearTimeout(offlineTimer);
    offlineTimer = undefined;
    store.update((state) => ({ ...state, line: { state: "live" }, isLoaded: true }));
    for (const { resolve } of waitingForLive) resolve();
    waitingForLive.clear();
    onLive(signal);
    mend();
  }

  /** @param {Frame[]} frames */
  function receive(frames) {
    const applied = applyAll(store.get(), frames, Date.now());
    for (const room of applied.uncounted) uncounted.add(room);
    store.update(() => applied.state);
    onNews(applied.news, applied.keys);
    if (isLive) mend();
  }

  /** Ask for what is missing, until nothing is. */
  async function mend() {
    if (isMending) return;
    isMending = true;
    try {
      while (socket && isLive && (store.get().gaps.size || uncounted.size)) {
        await fillGaps(socket);
        await count(socket);
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_SYNCS));
      }
    } catch (error) {
      if (!isChatError(error)) throw error;
      socket?.leave(); // the next connection begins with a sync
    } finally {
      isMending = false;
    }
  }

  /** @param {Socket} socket */
  async function fillGaps(socket) {
    const { gaps, rooms, server } = store.get();
    const asked = [...gaps].slice(0, server.limits.known ?? 1000); // The others are the next ones.
    const infos = asked.flatMap((room) => rooms.get(room)?.info ?? []);
    const known = infos.map(({ id, pos, at }) => ({ room: id, pos, at }));
    if (known.length) await socket.ask("sync", { known, rest: false }, SYNC);
    finish(asked.map((room) => ({ room })));
  }

  /** @param {Socket} socket */
  async function count(socket) {
    const rooms = uncounted;
    uncounted = new Set();
    const { later, wait } = await askUnread(socket, store, rooms);
    if (later.length > 0) setTimeout(countAgain, wait, later);
  }

  /** @param {number[]} rooms */
  function countAgain(rooms) {
    for (const room of rooms) uncounted.add(room);
    if (isLive) mend();
  }

  return {
    start,
    stop,

    /** Whether everything is up to date. */
    isLive: () => isLive,

    /** Resolves once everything is up to date; rejects where the session ends. */
    live() {
      return isLive
        ? Promise.resolve()
        : new Promise((resolve, reject) => waitingForLive.add({ resolve: () => resolve(undefined), reject }));
    },

    /**
     * Ask on the connection of now; rejects with "offline" where there is none.
     * @param {string} type
     * @param {object} [fields]
     * @returns {Promise<any>}
     */
    ask(type, fields) {
      return socket && isLive ? socket.ask(type, fields) : Promise.reject(offline());
    },

    /** The computer may have slept: is the server there? Without an answer soon: anew. @param {boolean} isLong */
    wake(isLong) {
      if (hurry) hurry();
      else if (!isLive && Date.now() - triedAt > PING) socket?.leave(); // it was tried on another network
      else if (isLive && socket) probe(socket, isLong);
    },

    /** Leave the connection and make another. */
    renew() {
      socket?.leave();
    },
  };
}
