// Memory of views that belongs to the logged-in person: it is cleared when another person logs in.

/** @type {Set<Map<any, any>>} */
const maps = new Set();
/** @type {number | null} */
let owner = null;

/**
 * A map that is cleared when another person logs in.
 * @template K, V
 * @returns {Map<K, V>}
 */
export function sessionMap() {
  const map = new Map();
  maps.add(map);
  return map;
}

/** Clear the maps if another person was here before. @param {number} person */
export function startSessionMemory(person) {
  if (owner !== null && owner !== person) for (const map of maps) map.clear();
  owner = person;
}
