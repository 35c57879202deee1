// The state before anything is known.

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
  line: { state: "connecting" },
  isLoaded: false,
  isKept: true,
  asksToNotify: false,
  rooms: new Map(),
  people: new Map(),
  presence: new Map(),
  activity: new Map(),
  outbox: [],
  blocked: new Set(),
  isOutdated: false,
  gaps: new Set(),
  acknowledged: new Map(),
  seen: new Set(),
  unclaimed: [],
  isSending: false,
};
