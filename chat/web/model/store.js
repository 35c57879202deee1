// Holds the page's state and calls listeners when it changes.

/** @import { Model } from "./model" */

/** @typedef {ReturnType<typeof openStore>} Store */

/** The initial state. @type {Model} */
export const EMPTY = {
  me: null,
  server: {
    name: "",
    version: "",
    features: [],
    limits: { text: 4000, frame_bytes: 65536, files: 10, file_bytes: 0, known: 1000, in_flight: 64, watch: 500, key_days: 0 },
  },
  connection: { state: "connecting" },
  isLoaded: false,
  isPersistent: true,
  offersNotifications: false,
  rooms: new Map(),
  people: new Map(),
  presence: new Map(),
  activity: new Map(),
  outbox: [],
  blocked: new Set(),
  own: {},
  lost: null,
  leftOut: null,
  isOutdated: false,
  gaps: new Set(),
  acknowledged: new Map(),
  settledKeys: new Set(),
  unmatchedOwn: [],
  takenOver: null,
};

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
