// What the page knows of this person's drafts on the server: read once for each connection, then changed by events.

/** @import { Draft, DraftEvent } from "../protocol" */
/** @typedef {import("./types").State} State */
/** @typedef {{ text: string, reply?: number, at: number, device?: string }} Kept */

/**
 * @typedef {object} Known
 * @property {ReadonlyMap<string, Kept>} places by place (`placeOf`); an empty text was sent or deleted
 * @property {unknown} [connection] the one over which they were read
 */

/** @type {Known} */
const NONE = { places: new Map() };

/** @param {{ room: number, thread?: number }} draft `thread` is the first message of a thread */
export function placeOf({ room, thread = 0 }) {
  return `${room}/${thread}`;
}

/** @param {Known | undefined} known @param {DraftEvent} event @returns {Known} */
export function afterDraft(known = NONE, event) {
  return { ...known, places: withDraft(known.places, event) };
}

/** @param {Known | undefined} known @param {Draft[]} drafts @param {unknown} connection @returns {Known} */
export function afterReading(known = NONE, drafts, connection) {
  return { connection, places: drafts.reduce(withDraft, known.places) };
}

/** The newer one stays. @param {ReadonlyMap<string, Kept>} places @param {Draft | DraftEvent} draft @returns {ReadonlyMap<string, Kept>} */
function withDraft(places, draft) {
  const place = placeOf(draft);
  if ((places.get(place)?.at ?? 0) > draft.at) return places;
  const { text = "", reply, at } = draft;
  return new Map(places).set(place, { text, at, ...(reply && { reply }), ...("device" in draft && draft.device && { device: draft.device }) });
}

/** @param {State} state @returns {Known | undefined} */
export function knownOf({ own }) {
  return /** @type {Known | undefined} */ (own.drafts);
}

/** The server's draft of a place; undefined: it is not known. @param {State} state @param {string} place */
export function keptAt(state, place) {
  return knownOf(state)?.places.get(place);
}

/** Older servers keep no drafts, and visitors have none. @param {State} state */
export function isOffered({ server, me }) {
  return server.features.includes("drafts") && me !== null && !me?.roles?.includes("guest");
}

/** Whether they were read over this connection. @param {State} state */
export function isRead(state) {
  return state.connection.state === "live" && knownOf(state)?.connection === state.connection;
}
