// What the browser keeps of a visitor for the site that shows the widget: the refresh token, the room, what is not sent
// yet and what is being written. Where it keeps nothing, any more or at all, it is in memory, and lasts as long as the page.

/** @import { Waiting } from "../model/types" */
/** @import { Session } from "../protocol" */

/** @typedef {ReturnType<typeof openKept>} Kept */
/** @typedef {Waiting & { order?: number }} Row */
/** @typedef {{ refresh?: string, room?: number, draft?: string, outbox?: Row[] }} Values */

const NAME = "chat.widget";

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
      const text = localStorage.getItem(NAME);
      if (text === null && isWritten) isKept = false; // wiped under the page
      else memory = JSON.parse(text ?? "{}");
    } catch {
      isKept = false;
    }
    return memory;
  }

  /** @param {Values} changes */
  function write(changes) {
    memory = { ...read(), ...changes };
    if (!isKept) return;
    try {
      localStorage.setItem(NAME, JSON.stringify(memory));
      isWritten = true;
    } catch {
      lose();
    }
  }

  /** Blocked, or full: then what stands there is old, and its token would end the session. */
  function lose() {
    isKept = false;
    try {
      localStorage.removeItem(NAME);
    } catch {}
  }

  write({}); // finds out whether anything is kept
  addEventListener("storage", ({ key }) => key === NAME && onChanged());

  return {
    isKept: () => isKept,
    get: read,
    put: write,

    /** The session is over: what was not sent goes back to what is being written. */
    forget() {
      const { outbox = [], draft = "" } = read();
      const unsent = [...outbox.map(({ text }) => text), draft].filter(Boolean).join("\n\n");
      memory = {};
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
        const rows = read().outbox ?? [];
        const isNew = rows.every(({ key }) => key !== row.key);
        write({ outbox: isNew ? [...rows, row] : rows.map((each) => (each.key === row.key ? row : each)) });
      },
      /** @param {string} key */
      async delete(key) {
        write({ outbox: (read().outbox ?? []).filter((each) => each.key !== key) });
      },
    },
  };
}
