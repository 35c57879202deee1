// What the browser keeps of a visitor for the site that shows the widget: the refresh token, the room, what is not sent
// yet and what is being written. Where it keeps nothing, any more or at all, it is in memory, and lasts as long as the page.
//
// Each value, and each message that waits, has an item of its own: two pages of the site may write at once, and neither
// has heard of what the other wrote.

/** @import { Waiting } from "../model/types" */
/** @import { Session } from "../protocol" */

/** @typedef {ReturnType<typeof openKept>} Kept */
/** @typedef {Waiting & { order?: number }} Row */
/** @typedef {{ refresh?: string, room?: number, draft?: string, outbox?: Row[] }} Values */

/** An item that is there as long as anything is kept; once it had all values, which it may still have. */
const NAME = "chat.widget";
const ROW = `${NAME}.outbox.`;
const FIELDS = /** @type {const} */ (["refresh", "room", "draft"]);

/** @param {() => void} onChanged another page of the same site has changed it */
export function openKept(onChanged) {
  /** @type {Values} */
  let memory = {};
  let isKept = true;
  let isWritten = false;

  /** @returns {Values} */
  function read() {
    if (!isKept) return memory;
    try {
      if (localStorage.getItem(NAME) === null && isWritten) isKept = false; // wiped under the page
      else memory = stored();
    } catch {
      isKept = false;
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
   * Write what differs, and nothing else: another page may have changed that.
   * @param {Values} now all there is
   * @param {[name: string, value: unknown][]} items undefined: it is no more
   */
  function save(now, items) {
    memory = now;
    if (!isKept) return;
    try {
      localStorage.setItem(NAME, "{}");
      isWritten = true;
      for (const [name, value] of items) {
        if (value === undefined) localStorage.removeItem(name);
        else localStorage.setItem(name, JSON.stringify(value));
      }
    } catch {
      lose();
    }
  }

  /** Blocked, or full: then what stands there is old, and its token would end the session. */
  function lose() {
    isKept = false;
    try {
      for (const name of names()) localStorage.removeItem(name);
    } catch {}
  }

  write(old()); // finds out whether anything is kept
  addEventListener("storage", ({ key }) => {
    if (key === null || (key.startsWith(NAME) && key !== `${NAME}.draft`)) onChanged();
  });

  return {
    isKept: () => isKept,
    get: read,
    put: write,

    /** The session is over: what was not sent goes back to what is being written. */
    forget() {
      const { outbox = [], draft = "" } = read();
      const unsent = [...outbox.map(({ text }) => text), draft].filter(Boolean).join("\n\n");
      write({ refresh: undefined, room: undefined, outbox: [], draft: unsent });
    },

    /** As net/session.js has it: the browser keeps no cookies in a frame. */
    session: {
      lock: "widget-refresh",
      body() {
        const { refresh } = read();
        return refresh === undefined ? {} : { refresh };
      },
      /** @param {Session} told */
      put: ({ refresh }) => write({ refresh }),
    },

    /** As net/outbox.js has it. */
    outbox: {
      async all() {
        return read().outbox ?? [];
      },
      /** @param {Row} row */
      async put(row) {
        const values = read();
        const rows = values.outbox ?? [];
        const known = rows.find(({ key }) => key === row.key);
        const kept = { ...row, order: known?.order ?? Math.max(Date.now(), (rows.at(-1)?.order ?? 0) + 1) };
        const outbox = known ? rows.map((each) => (each === known ? kept : each)) : [...rows, kept];
        save({ ...values, outbox }, [[ROW + row.key, kept]]);
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

/** All that is kept as one item, as earlier versions did it. @returns {Values} */
function old() {
  try {
    const { outbox, ...values } = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return outbox ? { ...values, outbox: outbox.map((/** @type {Row} */ row, /** @type {number} */ order) => ({ ...row, order })) } : values;
  } catch {
    return {};
  }
}

/** @returns {Values} */
function stored() {
  const values = FIELDS.map((name) => [name, parsed(`${NAME}.${name}`)]).filter(([, value]) => value !== undefined);
  const rows = names().filter((name) => name.startsWith(ROW)).map(parsed).filter((row) => row !== undefined);
  return { ...Object.fromEntries(values), outbox: rows.sort((a, b) => a.order - b.order) };
}

function names() {
  return Object.keys(localStorage).filter((name) => name.startsWith(NAME));
}

/** @param {string} name @returns {any} */
function parsed(name) {
  const text = localStorage.getItem(name);
  return text === null ? undefined : JSON.parse(text);
}
