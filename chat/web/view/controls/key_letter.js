// The letter of a key.

/** The key's letter; on keyboards of other scripts, the Latin letter at its place. @param {KeyboardEvent} event */
export function letterOfKey({ key, code }) {
  return key > "~" && code.startsWith("Key") ? code.slice(3).toLowerCase() : key;
}
