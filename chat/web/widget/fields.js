// The fields that a site asks for before the first word, and their values above that message. Pure.

/**
 * @typedef {object} Field
 * @property {string} key "name", "email", or the label
 * @property {string} [label] of one of the site's own; name and address have labels in each language
 * @property {boolean} isNeeded
 * @property {boolean} [isMailed] answers go to this address
 */

/** Where the site says nothing. @type {readonly Field[]} */
export const USUAL = [{ key: "name", isNeeded: false }, { key: "email", isNeeded: false }];

const MOST = 8;
const LONGEST_LABEL = 60;

/** Characters of a value of the site's own fields. */
export const LONGEST_VALUE = 200;

/**
 * The fields of a list such as "name*, email, Order number*"; those with a star are needed.
 * @param {string | null} list null: the usual ones
 * @returns {readonly Field[]}
 */
export function fieldsOf(list) {
  if (list === null) return USUAL;
  /** @type {Map<string, Field>} */
  const found = new Map();
  for (const part of list.split(",")) {
    const isNeeded = part.trimEnd().endsWith("*");
    const label = part.replace(/\*\s*$/, "").trim().slice(0, LONGEST_LABEL);
    if (!label || found.size === MOST) continue;
    const key = label.toLowerCase();
    found.set(key, key === "name" || key === "email" ? { key, isNeeded } : { key, label, isNeeded });
  }
  return [...found.values()];
}

/** Where answers are mailed, the address is asked for in any case. @param {readonly Field[]} fields @returns {readonly Field[]} */
export function withAddress(fields) {
  const needed = { key: "email", isNeeded: true, isMailed: true };
  return fields.some(({ key }) => key === "email") ? fields.map((field) => (field.key === "email" ? needed : field)) : [...fields, needed];
}

/** The keys of fields that are needed and empty. @param {readonly Field[]} fields @param {Readonly<Record<string, string>>} values */
export function missing(fields, values) {
  return fields.filter(({ key, isNeeded }) => isNeeded && !values[key]?.trim()).map(({ key }) => key);
}

/** The first message: the site's own fields stand above it. @param {readonly Field[]} fields @param {Readonly<Record<string, string>>} values @param {string} text */
export function withFields(fields, values, text) {
  const lines = fields.filter(({ key, label }) => label && values[key]?.trim()).map(({ key, label }) => `${label}: ${values[key]?.trim()}`);
  return [lines.join("\n"), text].filter(Boolean).join("\n\n");
}
