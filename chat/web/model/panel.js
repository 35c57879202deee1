// The panel on the right, as the address names it: ?show=room or ?show=person-7.

/** @typedef {{ show: "room" } | { show: "person", person: number }} Panel */

/**
 * @param {URLSearchParams} query
 * @returns {Panel | null}
 */
export function panelOf(query) {
  const shown = query.get("show") ?? "";
  if (shown === "room") return { show: "room" };
  const person = shown.match(/^person-([1-9]\d{0,15})$/)?.[1];
  return person ? { show: "person", person: Number(person) } : null;
}

/**
 * The path of a room with an open panel.
 * @param {number} room
 * @param {Panel | null} panel
 */
export function roomPath(room, panel = null) {
  const query = panel ? `?show=${panel.show === "room" ? "room" : `person-${panel.person}`}` : "";
  return `/room/${room}${query}`;
}
