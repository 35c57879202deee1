// What views remember of a person for as long as the page is open: whoever logs in after them finds nothing of it.

/** @type {Set<Map<any, any>>} */
const maps = new Set();
/** @type {number | null} */
let whose = null;

/**
 * A map that is emptied when another person is here.
 * @template K, V
 * @returns {Map<K, V>}
 */
export function rememberedMap() {
  const map = new Map();
  maps.add(map);
  return map;
}

/** What is remembered from now on is of this person. @param {number} person */
export function rememberFor(person) {
  if (whose !== null && whose !== person) for (const map of maps) map.clear();
  whose = person;
}
