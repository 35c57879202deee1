// The panel on the right, as the address names it: ?show=room, ?show=files, ?show=person-7 or ?show=thread-42.

/** @typedef {{ show: "room" | "files" } | { show: "person", person: number } | { show: "thread", seq: number }} Panel */

/**
 * @param {URLSearchParams} query
 * @returns {Panel | null}
 */
export function panelOf(query) {
  const shown = query.get("show") ?? "";
  if (shown === "room" || shown === "files") return { show: shown };
  const [, show, number] = shown.match(/^(person|thread)-([1-9]\d{0,15})$/) ?? [];
  if (!show) return null;
  return show === "person" ? { show, person: Number(number) } : { show: "thread", seq: Number(number) };
}

/**
 * The path of a room with an open panel, perhaps at a message.
 * @param {number} room
 * @param {Panel | null} panel
 * @param {number} [seq]
 */
export function roomPath(room, panel = null, seq) {
  const place = seq === undefined ? `/room/${room}` : `/room/${room}/${seq}`;
  if (!panel) return place;
  const number = panel.show === "person" ? `-${panel.person}` : panel.show === "thread" ? `-${panel.seq}` : "";
  return `${place}?show=${panel.show}${number}`;
}
