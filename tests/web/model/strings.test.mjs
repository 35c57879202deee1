// Every language has every string, with the same fields, in all forms of its numbers.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

const FEATURES = new URL("../../../chat/web/features/", import.meta.url);
const FOLDER = new URL("../../../chat/web/i18n/", import.meta.url);
const LANGUAGES = ["en", "ru"];
const TOGETHER = ["all.js", "first.js", "refusals.js"];

/** @param {string} language */
async function filesOf(language) {
  const names = readdirSync(new URL(`${language}/`, FOLDER)).filter((name) => !TOGETHER.includes(name));
  return Promise.all(names.map(async (name) => ({ name, strings: (await import(`${FOLDER}${language}/${name}`)).default })));
}

/** The strings of each feature. @param {string} language */
async function ofFeatures(language) {
  const names = readdirSync(FEATURES, { recursive: true }).filter((name) => name.endsWith("/texts.js"));
  return Promise.all(names.map(async (name) => (await import(new URL(name, FEATURES)))[language]));
}

/** @param {string | Record<string, string>} text */
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));

/** @param {string} text */
const fields = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

/** @param {string} language */
async function allOf(language) {
  const core = (await import(`${FOLDER}${language}/all.js`))[language];
  return Object.assign({}, core, ...(await ofFeatures(language)));
}

for (const language of LANGUAGES) {
  test(`${language}: a key is in one file, and every file is taken`, async () => {
    const tables = [...(await filesOf(language)).map(({ strings }) => strings), ...(await ofFeatures(language))];
    const keys = tables.flatMap((strings) => Object.keys(strings));
    assert.deepEqual(keys.filter((key, n) => keys.indexOf(key) !== n), []);
    assert.deepEqual(Object.keys(await allOf(language)).sort(), keys.sort());
  });

  test(`${language}: it says what English says, with its fields`, async () => {
    const english = await allOf("en");
    const strings = await allOf(language);
    assert.deepEqual(Object.keys(english).filter((key) => !(key in strings)), []);
    assert.deepEqual(Object.keys(strings).filter((key) => !(key in english)), []);
    for (const [key, text] of Object.entries(strings)) {
      const known = new Set(["n", ...forms(english[key]).flatMap(fields)]);
      for (const form of forms(text)) assert.deepEqual(fields(form).filter((name) => !known.has(name)), [], key);
    }
  });

  test(`${language}: numbers have all their forms`, async () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(await allOf(language))) {
      const isOneForAll = new Set(forms(text)).size === 1;
      if (!isOneForAll) assert.deepEqual(wanted.filter((form) => !text[form]), [], key);
    }
  });
}
