// Every language has every string, with the same fields, in all forms of its numbers. Who adds a string to English adds it
// here to each language that is complete: the tests name the keys.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { LANGUAGES } from "../../../chat/web/i18n/index.js";

const FEATURES = new URL("../../../chat/web/features/", import.meta.url);
const FOLDER = new URL("../../../chat/web/i18n/", import.meta.url);
/** The others show the English string where they have none yet. */
const COMPLETE = ["en", "ru"];
/** Languages that have a file for each screen, and their features' strings in texts.js. */
const BY_SCREEN = ["en", "ru"];
const TOGETHER = ["all.js", "first.js", "refusals.js", "rest.js"];

/** The files of a language, as lists of strings. @param {string} language */
async function filesOf(language) {
  const names = readdirSync(new URL(`${language}/`, FOLDER)).filter((name) => !BY_SCREEN.includes(language) || !TOGETHER.includes(name));
  const own = names.filter((name) => name !== "refusals.js");
  return Promise.all(own.map(async (name) => (await import(`${FOLDER}${language}/${name}`)).default));
}

/** The strings of each feature. @param {string} language */
async function ofFeatures(language) {
  if (!BY_SCREEN.includes(language)) return [];
  const names = readdirSync(FEATURES, { recursive: true }).filter((name) => name.endsWith("/texts.js"));
  return Promise.all(names.map(async (name) => (await import(new URL(name, FEATURES)))[language]));
}

/** @param {string | Record<string, string>} text */
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));

/** @param {string} text */
const fields = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

/** @param {string} text */
const numbers = (text) => text.split("#").length - 1;

/** What the page has once somebody is logged in. @param {string} language */
async function allOf(language) {
  const first = (await import(`${FOLDER}${language}/first.js`)).default;
  const rest = language === "en" ? (await import(`${FOLDER}en/all.js`)).en : (await import(`${FOLDER}${language}/rest.js`)).default;
  return Object.assign({}, first, rest, ...(await ofFeatures(language)));
}

for (const language of LANGUAGES) {
  test(`${language}: a key is in one file, and every file is taken`, async () => {
    const tables = [...(await filesOf(language)), ...(await ofFeatures(language))];
    const keys = tables.flatMap((strings) => Object.keys(strings));
    assert.deepEqual(keys.filter((key, n) => keys.indexOf(key) !== n), []);
    assert.deepEqual(Object.keys(await allOf(language)).sort(), keys.sort());
  });

  test(`${language}: it says what English says, with its fields`, async () => {
    const english = await allOf("en");
    const strings = await allOf(language);
    const missing = Object.keys(english).filter((key) => !(key in strings));
    assert.deepEqual(COMPLETE.includes(language) ? missing : [], [], `strings that chat/web/i18n/${language}/ lacks`);
    assert.deepEqual(Object.keys(strings).filter((key) => !(key in english)), []);
    for (const [key, text] of Object.entries(strings)) {
      const known = new Set(["n", ...forms(english[key]).flatMap(fields)]);
      for (const form of forms(text)) assert.deepEqual(fields(form).filter((name) => !known.has(name)), [], key);
      for (const form of forms(text)) assert.ok(numbers(form) <= numbers(forms(english[key])[0]), key);
    }
  });

  test(`${language}: numbers have all their forms`, async () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(await allOf(language))) {
      const isOneForAll = new Set(forms(text)).size === 1;
      if (!isOneForAll) assert.deepEqual(wanted.filter((form) => !text[form]), [], key);
    }
  });

  test(`${language}: no field is lost`, async () => {
    const english = await allOf("en");
    for (const [key, text] of Object.entries(await allOf(language))) {
      const needed = forms(english[key] ?? "").flatMap(fields).filter((name) => name !== "n");
      for (const form of forms(text)) assert.deepEqual(needed.filter((name) => !fields(form).includes(name)), [], key);
    }
  });
}
