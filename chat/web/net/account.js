// The account of this browser: its session begins, resumes and ends, and its stored data follows.

import { EMPTY } from "../model/store.js";
import { isChatError } from "./errors.js";
import { rememberSession } from "./session.js";

/** @import { Me } from "../protocol" */
/** @import { Database } from "../storage/database.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Session } from "./session.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Tabs } from "./tabs.js" */

/** Set while the server has not received a log-out yet. */
const PENDING_LOGOUT = "chat-leaving";
/** Set for a session on a shared computer, which ends with its last tab. */
const SHARED = "chat-shared";

/** Milliseconds until a log-out is sent again. */
const RETRY_DELAY = 3_000;

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {Session} options.session
 * @param {Connection} options.connection
 * @param {Tabs} options.tabs
 * @param {() => Database} options.database
 * @param {(isShared: boolean) => Promise<void>} options.switchStorage
 * @param {() => void} options.onWiped called after the stored data is gone
 */
export function openAccount({ store, session, connection, tabs, database, switchStorage, onWiped }) {
  /** @param {"logged_out" | "session_ended" | "disabled"} why */
  function end(why) {
    connection.stop();
    session.forget();
    rememberSession(false);
    store.update((state) => (why === "logged_out" ? endedState(why) : { ...state, connection: { state: "ended", why } }));
  }

  /** @param {"logged_out"} why @returns {import("../model/model").Model} */
  function endedState(why) {
    return { ...EMPTY, isPersistent: database().isPersistent(), connection: { state: "ended", why } };
  }

  /** A session of this person has begun. Another person's data is wiped. @param {Me} me */
  async function adoptPerson(me) {
    const before = store.get().me;
    const isAnother = before !== null && before.id !== me.id;
    store.update((state) => (isAnother ? { ...EMPTY, isPersistent: state.isPersistent, me } : { ...state, me }));
    if (isAnother) onWiped();
    rememberSession(database().isPersistent());
    await database().switchAccount(me.id);
  }

  /** Resume the session of the cookie, if there is one. Resolves once that is known. */
  async function resume() {
    if (read(PENDING_LOGOUT) || (await isSharedSessionOver())) return finishLogOut();
    try {
      await session.renew();
    } catch (error) {
      if (!isChatError(error)) throw error;
      if (error.code === "unauthenticated") return;
    }
    connection.start(); // also if the server did not answer: it keeps trying
  }

  /** Whether this is a shared computer and the last tab of its session was closed. */
  async function isSharedSessionOver() {
    if (!read(SHARED) || sessionRead(SHARED)) return false;
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    return !held.some(({ name }) => name === "chat-shared");
  }

  /** Complete a log-out, and send it as soon as the server answers. */
  async function finishLogOut() {
    write(PENDING_LOGOUT, "1");
    end("logged_out");
    await database().wipe();
    endOnServer();
  }

  /** @type {Promise<void> | null} */
  let endingSession = null; // a log-in waits for it, because its response deletes the cookie

  function endOnServer() {
    endingSession ??= tryToEnd().finally(() => {
      endingSession = null;
    });
    return endingSession;
  }

  async function tryToEnd() {
    if (!read(PENDING_LOGOUT)) return;
    try {
      await session.end();
      write(PENDING_LOGOUT, null);
    } catch {
      setTimeout(endOnServer, RETRY_DELAY);
    }
  }

  return {
    adoptPerson,
    end,
    resume,

    /** Whether this is a shared computer. */
    isShared: () => read(SHARED) !== null,

    /**
     * @param {string} path
     * @param {object} body
     * @param {{ shared?: boolean }} [options]
     */
    async begin(path, body, { shared = false } = {}) {
      await endingSession;
      await session.begin(path, body);
      write(PENDING_LOGOUT, null); // the cookie belongs to another session now
      write(SHARED, shared ? "1" : null);
      if (shared !== !database().isPersistent()) await switchStorage(shared);
      rememberSession(database().isPersistent());
      if (shared) holdSharedLock();
      const { me } = store.get();
      if (me) tabs.send({ type: "logged_in", me: me.id });
      connection.start();
    },

    /** Change whether this is a shared computer. @param {boolean} shared */
    async setShared(shared) {
      write(SHARED, shared ? "1" : null);
      await switchStorage(shared);
      rememberSession(database().isPersistent());
      if (shared) holdSharedLock();
    },

    /** End the session in all tabs of this browser, and wipe its stored data. */
    async logOut() {
      write(PENDING_LOGOUT, "1");
      end("logged_out");
      onWiped();
      tabs.send({ type: "logged_out" });
      write(SHARED, null);
      await database().wipe();
      await endOnServer();
    },

    holdSharedLock,
  };
}

/** Hold the lock of the shared session until this tab is closed. */
function holdSharedLock() {
  sessionWrite(SHARED);
  navigator.locks?.request("chat-shared", { mode: "shared" }, () => new Promise(() => {}));
}

// Without storage nothing is remembered.

/** @param {string} name */
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string | null} value */
function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {}
}

/** @param {string} name */
function sessionRead(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name */
function sessionWrite(name) {
  try {
    sessionStorage.setItem(name, "1");
  } catch {}
}
