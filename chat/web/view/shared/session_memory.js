// What views remember of a person for as long as the page is open: whoever logs in after them finds nothing of it.

/** @type {Set<Map<any, any>>} */
const maps = new Set();
/** @type {number | null} */
let owner = null;

/**
 * A map that is emptied when another person is here.
 * @template K, V
 * @returns {Map<K, V>}
 */
export function sessionMap() {
  const map = new Map();
  maps.add(map);
  return map;
}

/** What is remembered from now on is of this person. @param {number} person */
export function startSessionMemory(person) {
  if (owner !== null && owner !== person) for (const map of maps) map.clear();
  owner = person;
}
