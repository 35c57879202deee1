// Stores one account's data in IndexedDB, or without it in memory.

import { openDB } from "../vendor/idb.js";

/** @import { Draft, PendingMessage } from "../model/types" */

/** @typedef {Awaited<ReturnType<typeof openDatabase>>} Database */
/** @typedef {{ account: number, me: unknown, server: unknown, blocked: number[], folders?: unknown }} Account */

const NAME = "chat";
const VERSION = 1;

/** Milliseconds for opening the database. */
const OPEN_TIMEOUT = 1500;

const STORES = /** @type {const} */ (["account", "rooms", "outbox", "drafts"]);

/**
 * @param {object} options
 * @param {boolean} options.isShared a shared computer stores nothing
 * @param {() => void} options.onLost called when IndexedDB can no longer be used
 */
export async function openDatabase({ isShared, onLost }) {
  /** @type {Map<string, PendingMessage>} */
  const outbox = new Map(); // a copy of the stored messages; the only one if nothing can be stored
  let lastOrder = 0; // the last order that was given: rows read meanwhile may not have it yet
  /** @type {Map<number, Draft>} */
  const drafts = new Map();
  /** @type {Map<string, unknown>} */
  const kept = new Map();
  /** @type {any} */
  let database = isShared ? null : await open(useMemory);
  /** @type {number | null} */
  let account = null;

  function useMemory() {
    if (!database) return;
    database.close();
    database = null;
    onLost();
  }

  /**
   * Run a task on the database, if there is one. If it fails, the database is no longer used.
   * @template T
   * @param {(database: any) => Promise<T>} task
   * @returns {Promise<T | undefined>}
   */
  async function attempt(task) {
    if (!database) return undefined;
    try {
      return await task(database);
    } catch {
      useMemory();
      return undefined;
    }
  }

  /**
   * Write in one transaction, if the database still belongs to this account.
   * @param {("rooms" | "outbox" | "drafts")[]} stores
   * @param {(transaction: any) => Promise<unknown>[]} task its requests
   * @param {"strict" | "relaxed"} durability
   */
  function write(stores, task, durability = "relaxed") {
    return attempt((database) => {
      const transaction = database.transaction(["account", ...stores], "readwrite", { durability });
      return inTransaction(transaction, async () => {
        const stored = await transaction.objectStore("account").get(1);
        // Another tab has logged in as another person; this tab is about to reload.
        if (account !== null && stored?.account === account) await Promise.all(task(transaction));
      });
    });
  }

  return {
    isPersistent: () => database !== null,

    /** Stop using IndexedDB: from now on everything is in memory. */
    close() {
      database?.close();
      database = null;
    },

    /** Read the stored data of the last account. */
    async read() {
      return attempt(async (database) => {
        const transaction = database.transaction(STORES);
        const [stored, rooms, rows, draftRows] = await inTransaction(transaction, () =>
          Promise.all([
            transaction.objectStore("account").get(1),
            transaction.objectStore("rooms").getAll(),
            transaction.objectStore("outbox").getAll(),
            transaction.objectStore("drafts").getAll(),
          ]),
        );
        if (!stored) return undefined;
        account = stored.account;
        fill(outbox, rows);
        for (const { room, ...draft } of draftRows) drafts.set(room, draft);
        return { .../** @type {Account} */ (stored), rooms, outbox: /** @type {PendingMessage[]} */ (rows) };
      });
    },

    /**
     * Store this account's data from now on; another account's data is wiped.
     * @param {number} id
     */
    async switchAccount(id) {
      if (account !== null && account !== id) {
        outbox.clear();
        drafts.clear();
        kept.clear();
      }
      account = id;
      await attempt((database) => {
        const transaction = database.transaction(STORES, "readwrite");
        const accounts = transaction.objectStore("account");
        return inTransaction(transaction, async () => {
          const stored = await accounts.get(1);
          if (stored?.account === id) return;
          await Promise.all(clearAll(transaction));
          await accounts.put({ account: id, me: null, server: null, blocked: [] }, 1);
        });
      });
    },

    /**
     * Change a value that belongs to the account, or read it. Other tabs wait meanwhile.
     * @param {string} name
     * @param {(value: unknown) => unknown} [change]
     */
    async keep(name, change = (value) => value) {
      const found = await attempt((database) => {
        const transaction = database.transaction("account", "readwrite");
        const values = transaction.objectStore("account");
        return inTransaction(transaction, async () => {
          const [stored, value] = await Promise.all([values.get(1), values.get(name)]);
          if (account === null || stored?.account !== account) return undefined;
          const changed = change(value);
          if (changed !== undefined) await values.put(changed, name);
          return changed;
        });
      });
      if (!database) kept.set(name, change(kept.get(name)));
      return database ? found : kept.get(name);
    },

    /** Delete everything. */
    async wipe() {
      account = null;
      outbox.clear();
      drafts.clear();
      kept.clear();
      await attempt((database) => {
        const transaction = database.transaction(STORES, "readwrite");
        return inTransaction(transaction, () => Promise.all(clearAll(transaction)));
      });
    },

    /** The rooms, and the account's details. */
    cache: {
      /** @param {{ me: unknown, server: unknown, blocked: number[], folders: unknown, rooms: { id: number }[], gone: number[] }} changes */
      put({ rooms, gone, ...details }) {
        return write(["rooms"], (transaction) => {
          const written = transaction.objectStore("account").put({ account, ...details }, 1);
          const store = transaction.objectStore("rooms");
          return [written, ...rooms.map((room) => store.put(room)), ...gone.map((room) => store.delete(room))];
        });
      },
    },

    /** Pending messages, in the order in which they were put. */
    outbox: {
      /** @returns {Promise<PendingMessage[]>} */
      async all() {
        const rows = await attempt((database) => database.getAll("outbox"));
        if (rows) fill(outbox, rows);
        return [...outbox.values()];
      },

      /** Resolves when it is on the disk. @param {PendingMessage} row */
      async put(row) {
        const known = /** @type {any} */ (outbox.get(row.key) ?? row);
        const stored = { ...row, order: known.order ?? (lastOrder = orderAfter(lastOrder, outbox)) };
        outbox.set(row.key, stored);
        await write(["outbox"], (transaction) => [transaction.objectStore("outbox").put(stored)], "strict");
      },

      /** @param {string} key */
      async delete(key) {
        outbox.delete(key);
        await write(["outbox"], (transaction) => [transaction.objectStore("outbox").delete(key)]);
      },
    },

    drafts: {
      /** @returns {Promise<[number, Draft][]>} */
      async all() {
        const rows = await attempt((database) => database.getAll("drafts"));
        return rows ? rows.map((/** @type {Draft & { room: number }} */ { room, ...draft }) => [room, draft]) : [...drafts];
      },

      /** Read from the database, because another tab may have written it. @param {number} room @returns {Promise<Draft>} */
      async get(room) {
        const row = await attempt((database) => database.get("drafts", room));
        if (!database) return drafts.get(room) ?? { text: "" };
        const { room: _room, ...draft } = row ?? { text: "" };
        return draft;
      },

      /**
       * @param {number} room
       * @param {Draft} draft
       */
      async put(room, draft) {
        const isEmpty = draft.text === "" && draft.reply === undefined && draft.typed === undefined;
        if (isEmpty) drafts.delete(room);
        else drafts.set(room, draft);
        await write(["drafts"], (transaction) => {
          const store = transaction.objectStore("drafts");
          return [isEmpty ? store.delete(room) : store.put({ ...draft, room })];
        });
      },
    },
  };
}

/**
 * The task's result, once its transaction has completed. An aborted transaction rejects at each request and at its end;
 * awaiting all of them here handles every rejection.
 * @template T
 * @param {any} transaction
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
async function inTransaction(transaction, task) {
  const [result] = await Promise.all([task(), transaction.done]);
  return result;
}

/** Clear all stores. @param {any} transaction @returns {Promise<unknown>[]} */
function clearAll(transaction) {
  return STORES.map((name) => transaction.objectStore(name).clear());
}

/**
 * Open the database; null if the browser has none or does not open it in time.
 * @param {() => void} onLost
 */
async function open(onLost) {
  try {
    const opening = openDB(NAME, VERSION, {
      upgrade(database) {
        database.createObjectStore("account");
        database.createObjectStore("rooms", { keyPath: "id" });
        database.createObjectStore("outbox", { keyPath: "key" });
        database.createObjectStore("drafts", { keyPath: "room" });
      },
      blocking: onLost, // another tab has a newer version of the page
      terminated: onLost, // the person has wiped the browser's storage
    });
    let isLate = false;
    const late = new Promise((resolve) => setTimeout(resolve, OPEN_TIMEOUT, null));
    opening.then((database) => isLate && database.close()).catch(() => {});
    const database = await Promise.race([opening, late]);
    isLate = database === null;
    return database;
  } catch {
    return null;
  }
}

/**
 * @param {Map<string, PendingMessage>} map
 * @param {any[]} rows
 */
function fill(map, rows) {
  map.clear();
  for (const row of rows.sort((a, b) => a.order - b.order)) map.set(row.key, row);
}

/**
 * An order after `lastOrder` and after every row, also those of other tabs.
 * @param {number} lastOrder
 * @param {Map<string, any>} outbox
 */
function orderAfter(lastOrder, outbox) {
  const last = Math.max(lastOrder, ...[...outbox.values()].map(({ order }) => order));
  return Math.max(Date.now(), last + 1);
}
