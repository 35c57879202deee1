// Which letter a key means.

/** The key that is meant: in scripts that have no such letter, the one at its place. @param {KeyboardEvent} event */
export function letterOfKey({ key, code }) {
  return key > "~" && code.startsWith("Key") ? code.slice(3).toLowerCase() : key;
}
