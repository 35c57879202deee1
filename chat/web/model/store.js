// Holds the page's state and calls listeners when it changes.

import { EMPTY } from "./empty.js";

/** @import { Model } from "./model" */

/** @typedef {ReturnType<typeof openStore>} Store */

/** @param {Model} [first] */
export function openStore(first = EMPTY) {
  let state = first;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  return {
    get: () => state,

    /**
     * Replace the state and call the listeners at once, unless it is the same object.
     * @param {(state: Model) => Model} change
     */
    update(change) {
      const next = change(state);
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },

    /** @param {() => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
