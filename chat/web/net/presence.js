// Watches who is online: the lists of all views together, on every connection.

/** @import { Connection } from "./connection.js" */
/** @import { Store } from "../model/store.js" */

/** Milliseconds until a changed list is sent: views come and go together. */
const SEND_DELAY = 50;

/**
 * @param {Store} store
 * @param {Connection} connection
 */
export function openPresence(store, connection) {
  /** @type {Set<readonly number[]>} */
  const lists = new Set();
  let sent = "";
  let isScheduled = false;

  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(send, SEND_DELAY);
  }

  async function send() {
    isScheduled = false;
    if (!connection.isLive()) return;
    const most = store.get().server.limits.watch ?? 500;
    const people = [...new Set([...lists].flat())].slice(0, most);
    const list = people.join();
    if (list === sent) return;
    sent = list;
    try {
      const { people: states = [] } = await connection.request("watch", { people });
      const presence = new Map(states.map((/** @type {any} */ { id, state }) => [id, state]));
      store.update((state) => ({ ...state, presence }));
    } catch {
      sent = ""; // the next connection sends it again
    }
  }

  return {
    /** @param {readonly number[]} people */
    watch(people) {
      const list = [...people]; // an object of its own for each caller
      lists.add(list);
      schedule();
      return () => {
        lists.delete(list);
        schedule();
      };
    },

    /** Send the list again: a new connection starts without one. */
    restart() {
      sent = "";
      if (lists.size) schedule();
    },
  };
}
