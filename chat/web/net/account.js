// Whose browser this is: a session that is begun, gone on with and ended, and what is kept of it.

import { EMPTY } from "../model/empty.js";
import { isChatError } from "./errors.js";
import { keepKnown } from "./earlier_session.js";

/** @import { Me } from "../protocol" */
/** @import { Database } from "../storage/database.js" */
/** @import { Line } from "./connection.js" */
/** @import { Session } from "./session.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Tabs } from "./tabs.js" */

/** Of a log-out that the server was not told of yet. */
const LEAVING = "chat-leaving";
/** Of a session on a shared computer, which ends with its last tab. */
const SHARED = "chat-shared";

/** Milliseconds until the server is asked again. */
const AGAIN = 3_000;

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {Session} options.session
 * @param {Line} options.line
 * @param {Tabs} options.tabs
 * @param {() => Database} options.database
 * @param {(isShared: boolean) => Promise<void>} options.keepNothing
 * @param {() => void} options.onForgotten what was kept is gone
 */
export function openAccount({ store, session, line, tabs, database, keepNothing, onForgotten }) {
  /** @param {"logged_out" | "session_ended" | "disabled"} why */
  function end(why) {
    line.stop();
    session.forget();
    keepKnown(false);
    store.update((state) => (why === "logged_out" ? ended(why) : { ...state, line: { state: "ended", why } }));
  }

  /** @param {"logged_out"} why @returns {import("../model/model").Model} */
  function ended(why) {
    return { ...EMPTY, isKept: database().isKept(), line: { state: "ended", why } };
  }

  /** What a session says of its person: another than before finds nothing of who was here. @param {Me} me */
  async function become(me) {
    const before = store.get().me;
    const isAnother = before !== null && before.id !== me.id;
    store.update((state) => (isAnother ? { ...EMPTY, isKept: state.isKept, me } : { ...state, me }));
    if (isAnother) onForgotten();
    keepKnown(database().isKept());
    await database().belongsTo(me.id);
  }

  /** Go on with the session of the cookie, if there is one. Resolves once that is known. */
  async function resume() {
    if (read(LEAVING) || (await isLeft())) return finishLeaving();
    try {
      await session.renew();
    } catch (error) {
      if (!isChatError(error)) throw error;
      if (error.code === "unauthenticated") return;
    }
    line.start(); // without an answer too: it goes on trying
  }

  /** Whether this is a shared computer and the last tab of its session was closed. */
  async function isLeft() {
    if (!read(SHARED) || sessionRead(SHARED)) return false;
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    return !held.some(({ name }) => name === "chat-shared");
  }

  /** Tell the server of a log-out, as soon as it answers. */
  async function finishLeaving() {
    write(LEAVING, "1");
    end("logged_out");
    await database().wipe();
    tellServer();
  }

  /** @type {Promise<void> | null} */
  let telling = null; // the server of a log-out; a log-in waits for it, because its answer takes the cookie away

  function tellServer() {
    telling ??= tellOnce().finally(() => {
      telling = null;
    });
    return telling;
  }

  async function tellOnce() {
    if (!read(LEAVING)) return;
    try {
      await session.end();
      write(LEAVING, null);
    } catch {
      setTimeout(tellServer, AGAIN);
    }
  }

  return {
    become,
    end,
    resume,

    /** Whether the page was opened on a shared computer, where this tab or another is still there. */
    isShared: () => read(SHARED) !== null,

    /**
     * @param {string} path
     * @param {object} body
     * @param {{ shared?: boolean }} [options]
     */
    async begin(path, body, { shared = false } = {}) {
      await telling;
      await session.begin(path, body);
      write(LEAVING, null); // the cookie is another's now
      write(SHARED, shared ? "1" : null);
      if (shared !== !database().isKept()) await keepNothing(shared);
      keepKnown(database().isKept());
      if (shared) holdShared();
      const { me } = store.get();
      if (me) tabs.tell({ type: "logged_in", me: me.id });
      line.start();
    },

    /** Say later that this is a shared computer, or is none. @param {boolean} shared */
    async share(shared) {
      write(SHARED, shared ? "1" : null);
      await keepNothing(shared);
      keepKnown(database().isKept());
      if (shared) holdShared();
    },

    /** End the session everywhere in this browser, and wipe what it keeps. */
    async leave() {
      write(LEAVING, "1");
      end("logged_out");
      onForgotten();
      tabs.tell({ type: "logged_out" });
      write(SHARED, null);
      await database().wipe();
      await tellServer();
    },

    holdShared,
  };
}

/** Held for as long as a tab is there. */
function holdShared() {
  sessionWrite(SHARED);
  navigator.locks?.request("chat-shared", { mode: "shared" }, () => new Promise(() => {}));
}

// Where storage is blocked, nothing is remembered.

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
