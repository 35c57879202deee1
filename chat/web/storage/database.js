// What this browser keeps, in IndexedDB, of one account. Where it can't be kept, what was put is in memory, and the page
// goes on.

import { openDB } from "../vendor/idb.js";

/** @import { Draft, Waiting } from "../model/types" */

/** @typedef {Awaited<ReturnType<typeof openDatabase>>} Database */
/** @typedef {{ account: number, me: unknown, server: unknown, blocked: number[] }} Account */

const NAME = "chat";
const VERSION = 1;

/** Milliseconds after which a database that does not open is left. */
const OPENS_IN = 1500;

const STORES = /** @type {const} */ (["account", "rooms", "outbox", "drafts"]);

/**
 * @param {object} options
 * @param {boolean} options.isShared a shared computer: nothing is kept
 * @param {() => void} options.onLost nothing is kept any more
 */
export async function openDatabase({ isShared, onLost }) {
  /** @type {Map<string, Waiting>} */
  const outbox = new Map(); // as it is kept, or would be
  let newest = 0; // the last place that was given in it: what is read meanwhile need not have it yet
  /** @type {Map<number, Draft>} */
  const drafts = new Map();
  /** @type {any} */
  let database = isShared ? null : await opened(lose);
  /** @type {number | null} */
  let account = null;

  function lose() {
    if (!database) return;
    database.close();
    database = null;
    onLost();
  }

  /**
   * Do something with the database, where there is one. What fails is lost, and so is the database.
   * @template T
   * @param {(database: any) => Promise<T>} task
   * @returns {Promise<T | undefined>}
   */
  async function attempt(task) {
    if (!database) return undefined;
    try {
      return await task(database);
    } catch {
      lose();
      return undefined;
    }
  }

  /**
   * Write in one transaction, if the database still is this account's.
   * @param {("rooms" | "outbox" | "drafts")[]} stores
   * @param {(transaction: any) => Promise<unknown>[]} task its requests
   * @param {"strict" | "relaxed"} durability
   */
  function write(stores, task, durability = "relaxed") {
    return attempt((database) => {
      const transaction = database.transaction(["account", ...stores], "readwrite", { durability });
      return whole(transaction, async () => {
        const kept = await transaction.objectStore("account").get(1);
        // Another tab logged in as another: this one is about to be loaded again.
        if (account !== null && kept?.account === account) await Promise.all(task(transaction));
      });
    });
  }

  return {
    isKept: () => database !== null,

    /** Another takes its place: what is put from now on is in memory alone. */
    close() {
      database?.close();
      database = null;
    },

    /** What is kept, of whoever used this browser last. */
    async read() {
      return attempt(async (database) => {
        const transaction = database.transaction(STORES);
        const [of, rooms, rows, texts] = await whole(transaction, () =>
          Promise.all([
            transaction.objectStore("account").get(1),
            transaction.objectStore("rooms").getAll(),
            transaction.objectStore("outbox").getAll(),
            transaction.objectStore("drafts").getAll(),
          ]),
        );
        if (!of) return undefined;
        account = of.account;
        fill(outbox, rows);
        for (const { room, ...draft } of texts) drafts.set(room, draft);
        return { .../** @type {Account} */ (of), rooms, outbox: /** @type {Waiting[]} */ (rows) };
      });
    },

    /**
     * What is kept from now on is of this account; what was another's is wiped.
     * @param {number} id
     */
    async belongsTo(id) {
      if (account !== null && account !== id) {
        outbox.clear();
        drafts.clear();
      }
      account = id;
      await attempt((database) => {
        const transaction = database.transaction(STORES, "readwrite");
        const of = transaction.objectStore("account");
        return whole(transaction, async () => {
          const kept = await of.get(1);
          if (kept?.account === id) return;
          await Promise.all(cleared(transaction));
          await of.put({ account: id, me: null, server: null, blocked: [] }, 1);
        });
      });
    },

    /** Forget everything. */
    async wipe() {
      account = null;
      outbox.clear();
      drafts.clear();
      await attempt((database) => {
        const transaction = database.transaction(STORES, "readwrite");
        return whole(transaction, () => Promise.all(cleared(transaction)));
      });
    },

    /** The rooms, and about the account. */
    cache: {
      /** @param {{ me: unknown, server: unknown, blocked: number[], rooms: { id: number }[], gone: number[] }} changes */
      put({ me, server, blocked, rooms, gone }) {
        return write(["rooms"], (transaction) => {
          const of = transaction.objectStore("account").put({ account, me, server, blocked }, 1);
          const store = transaction.objectStore("rooms");
          return [of, ...rooms.map((room) => store.put(room)), ...gone.map((room) => store.delete(room))];
        });
      },
    },

    /** What is not sent yet, in the order in which it was put. */
    outbox: {
      /** @returns {Promise<Waiting[]>} */
      async all() {
        const rows = await attempt((database) => database.getAll("outbox"));
        if (rows) fill(outbox, rows);
        return [...outbox.values()];
      },

      /** On the disk when it resolves. @param {Waiting} row */
      async put(row) {
        const known = /** @type {any} */ (outbox.get(row.key) ?? row);
        const kept = { ...row, order: known.order ?? (newest = behind(newest, outbox)) };
        outbox.set(row.key, kept);
        await write(["outbox"], (transaction) => [transaction.objectStore("outbox").put(kept)], "strict");
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

      /** Another tab may have written it. @param {number} room @returns {Promise<Draft>} */
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
        const isEmpty = draft.text === "" && draft.reply === undefined;
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
 * What the task gives, once its transaction is done. One that is aborted fails at each of its requests and at its end:
 * all of them are waited for here, so that none is an error that nobody handles.
 * @template T
 * @param {any} transaction
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
async function whole(transaction, task) {
  const [result] = await Promise.all([task(), transaction.done]);
  return result;
}

/** Everything is cleared. @param {any} transaction @returns {Promise<unknown>[]} */
function cleared(transaction) {
  return STORES.map((name) => transaction.objectStore(name).clear());
}

/**
 * The database; null where the browser has none, or does not open it in time.
 * @param {() => void} onLost
 */
async function opened(onLost) {
  try {
    const opening = openDB(NAME, VERSION, {
      upgrade(database) {
        database.createObjectStore("account");
        database.createObjectStore("rooms", { keyPath: "id" });
        database.createObjectStore("outbox", { keyPath: "key" });
        database.createObjectStore("drafts", { keyPath: "room" });
      },
      blocking: onLost, // another tab has a newer page
      terminated: onLost, // wiped by whoever uses the browser
    });
    let isLate = false;
    const late = new Promise((resolve) => setTimeout(resolve, OPENS_IN, null));
    opening.then((database) => isLate && database.close()).catch(() => {});
    const database = await Promise.race([opening, late]);
    isLate = database === null;
    return database;
  } catch {
    return null;
  }
}

/**
 * @param {Map<string, Waiting>} map
 * @param {any[]} rows
 */
function fill(map, rows) {
  map.clear();
  for (const row of rows.sort((a, b) => a.order - b.order)) map.set(row.key, row);
}

/**
 * A place behind that and all others, also of other tabs.
 * @param {number} newest
 * @param {Map<string, any>} outbox
 */
function behind(newest, outbox) {
  const last = Math.max(newest, ...[...outbox.values()].map(({ order }) => order));
  return Math.max(Date.now(), last + 1);
}
