// Stores a visitor's data for the site that shows the widget: the refresh token, the room, pending messages and the draft.
// Without localStorage it is held in memory until the page is closed.
//
// Each value and each pending message is an item of its own, because two pages of the site may write at the same time.

/** @import { PendingMessage } from "../model/types" */
/** @import { Session } from "../protocol" */

/** @typedef {ReturnType<typeof openVisitorStorage>} VisitorStorage */
/** @typedef {PendingMessage & { order?: number }} Row */
/** `identity` is what the site has signed of the session's person. */
/** @typedef {{ refresh?: string, room?: number, draft?: string, lost?: unknown, identity?: string, outbox?: Row[] }} Values */

/** This item exists while anything is stored. Earlier versions stored all values in it, and it may still have them. */
const NAME = "chat.widget";
const ROW = `${NAME}.outbox.`;
const FIELDS = /** @type {const} */ (["refresh", "room", "draft", "lost", "identity"]);

/** @param {() => void} onChanged called when another page of the same site has changed something */
export function openVisitorStorage(onChanged) {
  /** @type {Values} */
  let memory = {};
  let isPersistent = true;
  let isWritten = false;

  /** @returns {Values} */
  function read() {
    if (!isPersistent) return memory;
    try {
      if (localStorage.getItem(NAME) === null && isWritten) isPersistent = false; // the browser's storage was wiped
      else memory = readItems();
    } catch {
      isPersistent = false;
    }
    return memory;
  }

  /** @param {Values} changes */
  function write(changes) {
    /** @type {[string, unknown][]} */
    const items = changes.outbox ? (read().outbox ?? []).map(({ key }) => [ROW + key, undefined]) : [];
    const { outbox = [], ...fields } = changes;
    for (const [name, value] of Object.entries(fields)) items.push([`${NAME}.${name}`, value]);
    for (const row of outbox) items.push([ROW + row.key, row]);
    save({ ...read(), ...changes }, items);
  }

  /**
   * Write the changed items only, because another page may have changed the others.
   * @param {Values} now all values
   * @param {[name: string, value: unknown][]} items undefined removes the item
   */
  function save(now, items) {
    memory = now;
    if (!isPersistent) return;
    try {
      localStorage.setItem(NAME, "{}");
      isWritten = true;
      for (const [name, value] of items) {
        if (value === undefined) localStorage.removeItem(name);
        else localStorage.setItem(name, JSON.stringify(value));
      }
    } catch {
      useMemory();
    }
  }

  /** Storage is blocked or full: what it has is outdated, and an old token would end the session. */
  function useMemory() {
    isPersistent = false;
    try {
      for (const name of names()) localStorage.removeItem(name);
    } catch {}
  }

  write(readLegacy()); // finds out whether storage works
  addEventListener("storage", ({ key }) => {
    if (key === null || (key.startsWith(NAME) && key !== `${NAME}.draft`)) onChanged();
  });

  return {
    isPersistent: () => isPersistent,
    get: read,
    put: write,

    /** The session is over: pending messages become the draft. */
    clear() {
      const { outbox = [], draft = "" } = read();
      const unsent = [...outbox.map(({ text }) => text), draft].filter(Boolean).join("\n\n");
      write({ refresh: undefined, room: undefined, lost: undefined, outbox: [], draft: unsent, identity: undefined });
    },

    /** The token store of net/session.js: the browser stores no cookies for a frame. */
    session: {
      lock: "widget-refresh",
      body() {
        const { refresh } = read();
        return refresh === undefined ? {} : { refresh };
      },
      /** @param {Session} answer */
      put: ({ refresh }) => write({ refresh }),
    },

    /**
     * Of net/restored.js: return the messages that a restore has lost, after a change.
     * @param {string} _name
     * @param {(lost: unknown) => unknown} [change]
     */
    async keep(_name, change) {
      if (change) write({ lost: change(read().lost) });
      return read().lost;
    },

    /** Of net/restored.js: the only draft answers nothing. */
    drafts: {
      /** @returns {Promise<[number, { text: string, reply?: number }][]>} */
      all: async () => [],
      /** @param {number} _room @param {{ text: string }} _draft */
      put: async (_room, _draft) => {},
    },

    /** The outbox of net/outbox.js. */
    outbox: {
      async all() {
        return read().outbox ?? [];
      },
      /** @param {Row} row */
      async put(row) {
        const values = read();
        const rows = values.outbox ?? [];
        const known = rows.find(({ key }) => key === row.key);
        const stored = { ...row, order: known?.order ?? Math.max(Date.now(), (rows.at(-1)?.order ?? 0) + 1) };
        const outbox = known ? rows.map((each) => (each === known ? stored : each)) : [...rows, stored];
        save({ ...values, outbox }, [[ROW + row.key, stored]]);
      },
      /** @param {string} key */
      async delete(key) {
        const values = read();
        const outbox = (values.outbox ?? []).filter((each) => each.key !== key);
        save({ ...values, outbox }, [[ROW + key, undefined]]);
      },
    },
  };
}

/** All values from one item, as earlier versions stored them. @returns {Values} */
function readLegacy() {
  try {
    const { outbox, ...values } = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return outbox ? { ...values, outbox: outbox.map((/** @type {Row} */ row, /** @type {number} */ order) => ({ ...row, order })) } : values;
  } catch {
    return {};
  }
}

/** @returns {Values} */
function readItems() {
  const values = FIELDS.map((name) => [name, readItem(`${NAME}.${name}`)]).filter(([, value]) => value !== undefined);
  const rows = names().filter((name) => name.startsWith(ROW)).map(readItem).filter((row) => row !== undefined);
  return { ...Object.fromEntries(values), outbox: rows.sort((a, b) => a.order - b.order) };
}

function names() {
  return Object.keys(localStorage).filter((name) => name.startsWith(NAME));
}

/** @param {string} name @returns {any} */
function readItem(name) {
  const text = localStorage.getItem(name);
  return text === null ? undefined : JSON.parse(text);
}
