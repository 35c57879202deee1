// The page's strings in the reader's language. English is whole; what another language lacks is taken from there.

import { en } from "./en/all.js";

/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Strings */
/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | number>} Fields */

/** @type {Record<string, { name: string, load: () => Promise<Strings> }>} */
const LANGUAGES = {
  en: { name: "English", load: async () => en },
  ru: { name: "Русский", load: async () => (await import("./ru/all.js")).ru },
};
const CHOICE = "chat.language";

let chosen = "en";
/** @type {Strings} */
let strings = en;
let plurals = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/** The languages to choose from, by code. */
export const languages = Object.fromEntries(Object.entries(LANGUAGES).map(([code, { name }]) => [code, name]));

/** The code of the language that is shown, for Intl. */
export function language() {
  return chosen;
}

/**
 * Load the language that was chosen, or the browser's first that there is. Once, before the first view.
 * @returns {Promise<void>}
 */
export async function startLanguage() {
  const wanted = [kept(), ...navigator.languages.map((each) => each.split("-")[0])];
  const code = wanted.find((each) => each && Object.hasOwn(LANGUAGES, each)) ?? "en";
  try {
    strings = await LANGUAGES[code].load();
    chosen = code;
  } catch {
    strings = en; // without a line
    chosen = "en";
  }
  plurals = new Intl.PluralRules(chosen);
  numbers = new Intl.NumberFormat(chosen);
  document.documentElement.lang = chosen;
}

/**
 * Choose a language, or null for the browser's. It is shown after a reload.
 * @param {string | null} code
 */
export function keepLanguage(code) {
  try {
    if (code === null) localStorage.removeItem(CHOICE);
    else localStorage.setItem(CHOICE, code);
  } catch {
    // A browser that keeps nothing asks for the browser's language again.
  }
}

/** The code that was chosen, or null. */
export function kept() {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null;
  }
}

/**
 * A string, with `{field}`s filled in.
 * @param {Key} key
 * @param {Fields} [fields]
 * @returns {string}
 */
export function t(key, fields = {}) {
  const found = text(key);
  return filled(typeof found === "string" ? found : found.other ?? "", fields);
}

/**
 * A string that depends on a number, which is its field `{n}`.
 * @param {Key} key
 * @param {number} n
 * @param {Fields} [fields]
 * @returns {string}
 */
export function tn(key, n, fields = {}) {
  const found = text(key);
  const all = { n: numbers.format(n), ...fields };
  if (typeof found === "string") return filled(found, all);
  return filled(found[plurals.select(n)] ?? found.other ?? "", all);
}

/**
 * @param {Key} key
 * @returns {Strings[string]}
 */
function text(key) {
  return strings[key] ?? en[key] ?? key;
}

/**
 * @param {string} text
 * @param {Fields} fields
 */
function filled(text, fields) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in fields ? String(fields[name]) : place));
}
