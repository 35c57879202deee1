// The outbox: messages are stored before they are withoutOrder, and one tab sends them in order, each exactly once.

import { acknowledge, addPending, mergeOutbox, removePending } from "../model/pending.js";
import { openBackoff } from "./backoff.js";
import { RETRYABLE, chatError, isChatError } from "./errors.js";
import { withLock } from "./tabs.js";

/** @import { PendingMessage, WireFile } from "../model/types" */
/** @import { Database } from "../storage/database.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Store } from "../model/store.js" */
/** @import { Tabs } from "./tabs.js" */

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {() => Pick<Database, "outbox">} options.database
 * @param {Tabs} options.tabs
 * @param {Connection} options.connection
 * @param {string} [options.lock] held by the tab that sends
 */
export function openOutbox({ store, database, tabs, connection, lock = "outbox" }) {
  const backoff = openBackoff(Math.random);
  /** @type {Set<string>} */
  const acknowledged = new Set(); // keys of messages that the server has
  /** @type {Map<string, number>} */
  const internalErrors = new Map(); // how often the server failed for a key
  /** @type {Map<string, (seq: number) => void>} */
  const awaited = new Map(); // by key: called once the server has the message
  /** @type {(() => void) | null} */
  let wakeSender = null;
  let isChanged = false; // since the sender last read the outbox

  // Without storage, closing the page would lose pending messages: the browser asks first.
  addEventListener("beforeunload", (event) => {
    const { isPersistent, outbox } = store.get();
    if (!isPersistent && outbox.some(({ refused }) => !refused)) event.preventDefault();
  });

  /** Show the stored outbox, which another tab may have changed. */
  async function reload() {
    const { unmatchedOwn } = store.get();
    const rows = await database().outbox.all();
    const pending = rows.filter(({ key }) => !acknowledged.has(key)).map(withoutOrder);
    store.update((state) => mergeOutbox(state, pending, unmatchedOwn));
    notifySender();
  }

  function notifySender() {
    isChanged = true;
    wakeSender?.();
  }

  /** @param {PendingMessage} row */
  async function storeRow(row) {
    await database().outbox.put(row);
    tabs.send({ type: "outbox" });
  }

  /** @param {string} key */
  async function removeRow(key) {
    acknowledged.add(key);
    awaited.delete(key);
    await database().outbox.delete(key);
    tabs.send({ type: "outbox" });
  }

  /**
   * Send pending messages while the connection lasts; only one tab does. Without storage each tab has messages of its own
   * and sends them.
   * @param {AbortSignal} signal
   */
  async function drain(signal) {
    const lost = new AbortController();
    const check = () => store.get().isPersistent || lost.abort();
    const stop = store.subscribe(check);
    let isMine = false;
    const task = () => {
      isMine = true;
      return sendAll(signal);
    };
    try {
      check();
      await withLock(lock, task, AbortSignal.any([signal, lost.signal]));
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
    try {
      await reload();
      // Without Web Locks other tabs send too.
      if (navigator.locks) store.update((state) => ({ ...state, takenOver: new Set(state.outbox.map(({ key }) => key)) }));
      await sendEach(signal);
    } finally {
      store.update((state) => ({ ...state, takenOver: null }));
    }
  }

  /** @param {AbortSignal} signal */
  async function sendEach(signal) {
    signal.addEventListener("abort", () => wakeSender?.(), { once: true });
    while (!signal.aborted) {
      isChanged = false;
      const rows = await database().outbox.all();
      const pending = rows.filter((row) => !row.refused && !acknowledged.has(row.key));
      const next = pending.find((row) => !slowedFor(row));
      if (signal.aborted) return;
      if (next && isForgotten(next)) await refuse(next, FORGOTTEN);
      else if (next) await send(next, signal);
      else await waitForMore(pending);
    }
  }

  /**
   * @param {PendingMessage} row
   * @param {AbortSignal} signal
   */
  async function send(row, signal) {
    const { room, key, text, reply, files } = row;
    try {
      const more = { ...(reply ? { reply } : {}), ...(files?.length ? { files: files.map(({ id }) => id) } : {}) };
      const { seq } = await connection.request("send", { room, key, text, ...more });
      // It stays pending until its event arrives: in this tab next, in the others soon.
      store.update((state) => acknowledge(state, key, { room, seq }));
      awaited.get(key)?.(seq);
      tabs.send({ type: "acknowledged", key, room, seq });
      await removeRow(key);
    } catch (error) {
      if (!isChatError(error)) throw error;
      await handleRefusal(row, error, signal);
    }
  }

  /** For how many milliseconds a message waits in a room in slow mode. @param {PendingMessage} row */
  function slowedFor({ room }) {
    const { rooms, slowUntil } = store.get();
    return rooms.get(room)?.info.slow_mode ? Math.max((slowUntil?.get(room) ?? 0) - Date.now(), 0) : 0;
  }

  /**
   * @param {PendingMessage} row
   * @param {import("../model/types").ChatError} error
   * @param {AbortSignal} signal
   */
  async function handleRefusal({ key, room }, error, signal) {
    const { code, message, reason, retryMs } = error;
    if (code === "offline") return; // the next connection sends it again
    if (code === "expired" || code === "unauthenticated") return connection.reconnect();
    const failures = (internalErrors.get(key) ?? 0) + 1;
    if (code === "internal") internalErrors.set(key, failures);
    if (reason === "slow_mode" && retryMs) {
      return store.update((state) => ({ ...state, slowUntil: new Map(state.slowUntil).set(room, Date.now() + retryMs) }));
    }
    if (reason === "held_for_review") {
      // The server has it: it is shown above the field (features/review).
      await removeRow(key);
      return store.update((state) => removePending(state, key));
    }
    if (RETRYABLE.has(code) || (code === "internal" && failures < 2)) {
      // Nothing is sent meanwhile, so that the order stays.
      const wait = retryMs ?? backoff.nextDelay();
      if (code === "too_many") store.update((state) => ({ ...state, sendResumesAt: Date.now() + wait }));
      return pause(wait, signal);
    }
    const row = (await database().outbox.all()).find((each) => each.key === key);
    if (row) await refuse(row, { code, text: message, ...(reason === undefined ? {} : { reason }) }); // else discarded meanwhile
  }

  /** @param {PendingMessage} row @param {PendingMessage["refused"]} refused */
  async function refuse(row, refused) {
    await storeRow({ ...row, refused });
    await reload();
  }

  /** Whether it may have been sent so long ago that the server has forgotten its key. @param {PendingMessage} row */
  function isForgotten({ at }) {
    const days = store.get().server.limits.key_days;
    return days > 0 && Date.now() - at > days * 86_400_000;
  }

  /**
   * Wait until there is more to send or the connection ends.
   * @param {readonly PendingMessage[]} slowed messages in rooms in slow mode
   */
  function waitForMore(slowed) {
    if (isChanged) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve(undefined);
      };
      const timer = slowed.length ? setTimeout(end, Math.min(...slowed.map(slowedFor))) : undefined;
      const stop = store.subscribe(() => slowed.every(slowedFor) || end()); // it may be turned off
      wakeSender = end;
    });
  }

  return {
    drain,
    reload,

    /** A message has appeared in its room. @param {string} key */
    confirm(key) {
      if (!acknowledged.has(key)) removeRow(key);
    },

    /** Another tab has sent a message. @param {{ key: string, room: number, seq: number }} sent */
    acknowledgedElsewhere({ key, room, seq }) {
      acknowledged.add(key); // its row may be read again before that tab has removed it
      store.update((state) => acknowledge(state, key, { room, seq }));
      awaited.get(key)?.(seq);
      awaited.delete(key);
    },

    /**
     * Store a message and show it as pending. `sent` resolves with its seq, where it is sent while the page is open.
     * @param {number} room
     * @param {string} text
     * @param {{ reply?: number, files?: readonly WireFile[], key?: string }} [options]
     */
    async add(room, text, { reply, files, key = newKey() } = {}) {
      /** @type {PendingMessage} */
      const row = {
        key,
        room,
        text,
        at: Date.now(),
        ...(reply ? { reply } : {}),
        ...(files?.length ? { files } : {}),
      };
      const sent = new Promise((/** @type {(seq: number) => void} */ resolve) => awaited.set(key, resolve));
      await storeRow(row);
      if (!acknowledged.has(row.key)) store.update((state) => addPending(state, row));
      notifySender();
      return { sent };
    },

    /** Send a refused message again. @param {string} key */
    async retry(key) {
      const row = store.get().outbox.find((each) => each.key === key);
      if (!row) throw chatError("not_found", "there is no such pending message");
      const { refused: _refused, ...pending } = row;
      internalErrors.delete(key);
      await storeRow({ ...pending, at: Date.now() });
      await reload();
    },

    /** Remove a pending message. @param {string} key */
    async discard(key) {
      await removeRow(key);
      store.update((state) => removePending(state, key));
    },
  };
}

const FORGOTTEN = { code: "conflict", reason: "key_forgotten", text: "It may have been sent already: see whether it is there." };

/** A row without what only storage needs. @param {PendingMessage} row */
function withoutOrder(row) {
  const { order: _order, ...pending } = /** @type {PendingMessage & { order?: number }} */ (row);
  return pending;
}

/**
 * Wait, or until the connection ends.
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

/**
 * A unique key: the time in milliseconds, as eight digits of base 32, and 42 random bits. Keys of one time are beside
 * each other in the server's index, so that not each message changes another page of it.
 */
function newKey() {
  const at = (Date.now() % 2 ** 40).toString(32).padStart(8, "0");
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  const random = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
  return at + random.slice(0, 7);
}
