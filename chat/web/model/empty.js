// The initial state.

/** @import { Model } from "./model" */

/** @type {Model} */
export const EMPTY = {
  me: null,
  server: {
    name: "",
    version: "",
    features: [],
    limits: { text: 4000, frame_bytes: 65536, files: 10, file_bytes: 0, known: 1000, in_flight: 64, watch: 500 },
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
  isOutdated: false,
  gaps: new Set(),
  acknowledged: new Map(),
  settledKeys: new Set(),
  unmatchedOwn: [],
  isSending: false,
};
