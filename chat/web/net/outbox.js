// One's own messages until they are saved: kept before they are shown, sent in order by one tab, each once.

import { acknowledge, withBubble, withOutbox, withoutBubble } from "../model/pending.js";
import { openBackoff } from "./backoff.js";
import { LATER, chatError, isChatError } from "./errors.js";
import { alone } from "./tabs.js";

/** @import { Waiting, WireFile } from "../model/types" */
/** @import { Database } from "../storage/database.js" */
/** @import { Line } from "./connection.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Tabs } from "./tabs.js" */

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {() => Pick<Database, "outbox">} options.database
 * @param {Tabs} options.tabs
 * @param {Line} options.line
 * @param {string} [options.lock] whoever sends holds it
 */
export function openOutbox({ store, database, tabs, line, lock = "outbox" }) {
  const backoff = openBackoff(Math.random);
  /** @type {Set<string>} */
  const acknowledged = new Set(); // keys of messages that are saved
  /** @type {Map<string, number>} */
  const bugs = new Map(); // how often the server failed over a key
  /** @type {(() => void) | null} */
  let wake = null;
  let isChanged = false; // since the outbox was last looked at

  // Where nothing is kept, closing the page loses what waits: the browser asks first.
  addEventListener("beforeunload", (event) => {
    const { isKept, outbox } = store.get();
    if (!isKept && outbox.some(({ refused }) => !refused)) event.preventDefault();
  });

  /** Show what is kept: another tab may have changed it. */
  async function reload() {
    const { unclaimed } = store.get();
    const rows = await database().outbox.all();
    const waiting = rows.filter(({ key }) => !acknowledged.has(key)).map(shown);
    store.update((state) => withOutbox(state, waiting, unclaimed));
    look();
  }

  function look() {
    isChanged = true;
    wake?.();
  }

  /** @param {Waiting} row */
  async function keep(row) {
    await database().outbox.put(row);
    tabs.tell({ type: "outbox" });
  }

  /** @param {string} key */
  async function forget(key) {
    acknowledged.add(key);
    await database().outbox.delete(key);
    tabs.tell({ type: "outbox" });
  }

  /**
   * Send what waits, for as long as the connection lasts: no other tab does meanwhile. Where nothing is kept each tab has
   * messages of its own, and sends them.
   * @param {AbortSignal} signal
   */
  async function drain(signal) {
    const lost = new AbortController();
    const look = () => store.get().isKept || lost.abort();
    const stop = store.subscribe(look);
    let isMine = false;
    const task = () => {
      isMine = true;
      return sendAll(signal);
    };
    try {
      look();
      await alone(lock, task, AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (signal.aborted) return;
      if (isMine || !lost.signal.aborted) throw error;
      await task();
    } finally {
      stop();
    }
  }

  /** @param {AbortSignal} signal */
  async function sendAll(signal) {
    // Without locks other tabs send too.
    store.update((state) => ({ ...state, isSending: Boolean(navigator.locks) }));
    try {
      await sendEach(signal);
    } finally {
      store.update((state) => ({ ...state, isSending: false }));
    }
  }

  /** @param {AbortSignal} signal */
  async function sendEach(signal) {
    signal.addEventListener("abort", () => wake?.(), { once: true });
    await reload();
    while (!signal.aborted) {
      isChanged = false;
      const rows = await database().outbox.all();
      const next = rows.find((row) => !row.refused && !acknowledged.has(row.key));
      if (signal.aborted) return;
      if (next) await send(next, signal);
      else await more();
    }
  }

  /**
   * @param {Waiting} row
   * @param {AbortSignal} signal
   */
  async function send({ room, key, text, reply, files }, signal) {
    try {
      const more = { ...(reply ? { reply } : {}), ...(files?.length ? { files: files.map(({ id }) => id) } : {}) };
      const { seq } = await line.ask("send", { room, key, text, ...more });
      // The bubble goes when the message is told: in this tab next, in the others soon.
      store.update((state) => acknowledge(state, key, { room, seq }));
      tabs.tell({ type: "acknowledged", key, room, seq });
      await forget(key);
    } catch (error) {
      if (!isChatError(error)) throw error;
      await refused(key, error, signal);
    }
  }

  /**
   * @param {string} key
   * @param {import("../model/types").ChatError} error
   * @param {AbortSignal} signal
   */
  async function refused(key, error, signal) {
    const { code, message, retryMs } = error;
    if (code === "offline") return; // the next connection sends it again
    if (code === "expired" || code === "unauthenticated") return line.renew();
    const failures = (bugs.get(key) ?? 0) + 1;
    if (code === "internal") bugs.set(key, failures);
    if (LATER.has(code) || (code === "internal" && failures < 2)) {
      // Nothing is sent meanwhile: what was refused stays before what comes after it.
      const wait = retryMs ?? backoff.next();
      if (code === "too_many") store.update((state) => ({ ...state, sendsAgainAt: Date.now() + wait }));
      return pause(wait, signal);
    }
    const row = (await database().outbox.all()).find((each) => each.key === key);
    if (!row) return; // discarded meanwhile
    await keep({ ...row, refused: { code, text: message } });
    await reload();
  }

  /** Until there is more to send, or the connection ends. */
  function more() {
    if (isChanged) return Promise.resolve();
    return new Promise((resolve) => {
      wake = () => resolve(undefined);
    });
  }

  return {
    drain,
    reload,

    /** A message is in its room. @param {string} key */
    saved(key) {
      if (!acknowledged.has(key)) forget(key);
    },

    /** Another tab has sent a message. @param {{ key: string, room: number, seq: number }} told */
    acknowledgedElsewhere({ key, room, seq }) {
      acknowledged.add(key); // its row may be read once more before that tab has removed it
      store.update((state) => acknowledge(state, key, { room, seq }));
    },

    /**
     * Keep a message, and show it as waiting.
     * @param {number} room
     * @param {string} text
     * @param {{ reply?: number, files?: readonly WireFile[] }} [options]
     */
    async add(room, text, { reply, files } = {}) {
      /** @type {Waiting} */
      const row = {
        key: newKey(),
        room,
        text,
        at: Date.now(),
        ...(reply ? { reply } : {}),
        ...(files?.length ? { files } : {}),
      };
      await keep(row);
      if (!acknowledged.has(row.key)) store.update((state) => withBubble(state, row));
      look();
    },

    /** Send what was refused once more. @param {string} key */
    async retry(key) {
      const row = store.get().outbox.find((each) => each.key === key);
      if (!row) throw chatError("not_found", "that message does not wait");
      const { refused: _refused, ...waiting } = row;
      bugs.delete(key);
      await keep(waiting);
      await reload();
    },

    /** Give a message up. @param {string} key */
    async discard(key) {
      await forget(key);
      store.update((state) => withoutBubble(state, key));
    },
  };
}

/** A row as the views see it. @param {Waiting} row */
function shown(row) {
  const { order: _order, ...waiting } = /** @type {Waiting & { order?: number }} */ (row);
  return waiting;
}

/**
 * Wait, at most until the connection ends.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}

/** A key that nobody else has: 144 bits. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
