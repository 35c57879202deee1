// The page's strings in the reader's language. Of another one nothing is loaded but English, where all strings begin.

import first from "./en/first.js";
import * as plain from "./en/refusals.js";

/** @typedef {typeof import("./en/all.js").en} English */
/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Strings */
/** @typedef {keyof English | import("../features/registry.js").Key} Key */
/** @typedef {{ reasons: Record<string, string>, codes: Record<string, string> }} Refusals by reason, # for numbers; by code */
/** @typedef {Record<string, string | number>} Fields */

/** The languages' codes. */
export const LANGUAGES = ["de", "en", "es", "fr", "pt", "ru", "zh"];
/** Where the browser stores the chosen code. */
export const CHOICE = "chat.language";

let chosen = "en";
/** @type {Strings} */
let english = first;
/** @type {Strings} */
let strings = first;
/** @type {Refusals} */
let refusals = plain;
let plurals = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/** The code of the page's language, for Intl and mails. */
export function language() {
  return chosen;
}

/**
 * Load the strings of the log-in page in the chosen language, or in the browser's first one that exists. Call once, before
 * the first view.
 * @returns {Promise<void>}
 */
export async function startLanguage() {
  const wanted = [chosenLanguage(), ...navigator.languages.map((each) => each.split("-")[0])];
  const code = wanted.find((each) => each && LANGUAGES.includes(each)) ?? "en";
  try {
    if (code !== "en") [{ default: strings }, refusals] = await Promise.all([fileOf(code, "first"), fileOf(code, "refusals")]);
    chosen = code;
  } catch {
    // Offline; it stays English.
  }
  plurals = new Intl.PluralRules(chosen);
  numbers = new Intl.NumberFormat(chosen);
  document.documentElement.lang = chosen;
}

/**
 * Load all strings in that language, before anything beside the log-in page is shown.
 * @param {Promise<readonly { texts?: object }[]>} [features] whose English strings are added
 * @returns {Promise<void>}
 */
export async function loadStrings(features) {
  const [{ en }, own, added = []] = await Promise.all([import("./en/all.js"), chosen === "en" ? null : fileOf(chosen, "rest"), features]);
  english = Object.assign({ ...english, ...en }, ...added.map(({ texts }) => /** @type {any} */ (texts)?.en));
  strings = own ? { ...strings, ...own.default } : english;
}

/** @param {string} code @param {"first" | "refusals" | "rest"} file @returns {Promise<any>} */
function fileOf(code, file) {
  return import(`./${code}/${file}.js`);
}

/** The code of the chosen language, or null. */
export function chosenLanguage() {
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
  return fillIn(typeof found === "string" ? found : found.other ?? "", fields);
}

/**
 * A string with forms for a number, which is its field `{n}`.
 * @param {Key} key
 * @param {number} n
 * @param {Fields} [fields]
 * @returns {string}
 */
export function tn(key, n, fields = {}) {
  const found = text(key);
  const all = { n: numbers.format(n), ...fields };
  if (typeof found === "string") return fillIn(found, all);
  return fillIn(found[plurals.select(n)] ?? found.other ?? "", all);
}

/**
 * A refusal in the reader's language: by its reason, else by its code, else the server's English text.
 * @param {{ code: string, text: string, reason?: string }} refusal
 * @returns {string}
 */
export function refusalText({ code, text, reason }) {
  const numbers = text.match(/\d+/g) ?? [];
  const known = refusals.reasons[reason ?? ""] ?? strings[`refusal.${reason}`];
  return /** @type {string | undefined} */ (known)?.replace(/#/g, () => numbers.shift() ?? "") ?? refusals.codes[code] ?? text;
}

/**
 * @param {Key} key
 * @returns {Strings[string]}
 */
function text(key) {
  return strings[key] ?? english[key] ?? key;
}

/**
 * @param {string} text
 * @param {Fields} fields
 */
function fillIn(text, fields) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in fields ? String(fields[name]) : place));
}
