// Whose presence is followed: the lists of all views together, on every connection.

/** @import { Line } from "./connection.js" */
/** @import { Store } from "../model/store.js" */

/**
 * @param {Store} store
 * @param {Line} line
 */
export function openWatching(store, line) {
  /** @type {Set<readonly number[]>} */
  const lists = new Set();
  let told = "";
  let isScheduled = false;

  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(tell, 50); // views come and go together
  }

  async function tell() {
    isScheduled = false;
    if (!line.isLive()) return;
    const most = store.get().server.limits.watch ?? 500;
    const people = [...new Set([...lists].flat())].slice(0, most);
    const list = people.join();
    if (list === told) return;
    told = list;
    try {
      const { people: states = [] } = await line.ask("watch", { people });
      const presence = new Map(states.map((/** @type {any} */ { id, state }) => [id, state]));
      store.update((state) => ({ ...state, presence }));
    } catch {
      told = ""; // the next connection asks again
    }
  }

  return {
    /** @param {readonly number[]} people */
    watch(people) {
      const list = [...people]; // each caller's own
      lists.add(list);
      schedule();
      return () => {
        lists.delete(list);
        schedule();
      };
    },

    /** A new connection watches nobody yet. */
    again() {
      told = "";
      if (lists.size) schedule();
    },
  };
}
