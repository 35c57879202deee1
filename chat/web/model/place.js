// Which place of the page a path names.

/**
 * @typedef {{ name: "home" }
 *   | { name: "room", room: number, seq?: number }
 *   | { name: "search" }
 *   | { name: "inbox", room?: number }
 *   | { name: "settings", part?: string }
 *   | { name: "admin", part?: string }} Place
 */

/**
 * @param {string} path
 * @returns {Place}
 */
export function placeOf(path) {
  const [name, first, second] = path.split("/").filter(Boolean);
  const room = number(first);
  switch (name) {
    case "room":
      return room ? { name, room, seq: number(second) } : { name: "home" };
    case "inbox":
      return { name, room };
    case "search":
      return { name };
    case "settings":
    case "admin":
      return { name, part: first };
    default:
      return { name: "home" };
  }
}

/**
 * What the panel on the right shows: the room, or a person.
 * @param {URLSearchParams} query
 * @returns {{ show: "room" } | { show: "person", person: number } | null}
 */
export function panelOf(query) {
  const shown = query.get("show") ?? "";
  const person = number(shown.match(/^person-(\d+)$/)?.[1]);
  if (person) return { show: "person", person };
  return shown === "room" ? { show: "room" } : null;
}

/** @param {string | undefined} text */
function number(text) {
  return text && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
