// Every language has every string, with the same fields, in all forms of its numbers. Who adds a string to English adds it to
// each language (CONTRIBUTING.md): the tests name the keys.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { LANGUAGES } from "../../../chat/web/i18n/index.js";

const FEATURES = new URL("../../../chat/web/features/", import.meta.url);
const FOLDER = new URL("../../../chat/web/i18n/", import.meta.url);
const TOGETHER = ["all.js", "refusals.js"];

/** The strings of each file of a language. @param {string} language */
async function tablesOf(language) {
  if (language !== "en") return Promise.all(["first.js", "rest.js"].map((name) => stringsOf(`${FOLDER}${language}/${name}`)));
  const screens = readdirSync(new URL("en/", FOLDER)).filter((name) => !TOGETHER.includes(name));
  const features = readdirSync(FEATURES, { recursive: true }).filter((name) => name.endsWith("/texts.js"));
  return Promise.all([...screens.map((name) => stringsOf(`${FOLDER}en/${name}`)), ...features.map((name) => stringsOf(`${FEATURES}${name}`))]);
}

/** @param {string} file */
async function stringsOf(file) {
  const module = await import(file);
  return module.default ?? module.en;
}

/** @param {string | Record<string, string>} text */
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));

/** @param {string} text */
const fields = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

/** @param {string} text */
const numbers = (text) => text.split("#").length - 1;

const english = Object.assign({}, ...(await tablesOf("en")));
const first = (await import(`${FOLDER}en/first.js`)).default;

test("the languages are the folders", () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((each) => each.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), LANGUAGES);
});

test("every file of English is taken", async () => {
  const { en } = await import(`${FOLDER}en/all.js`);
  const features = readdirSync(FEATURES, { recursive: true }).filter((name) => name.endsWith("/texts.js"));
  const ofFeatures = Object.assign({}, ...(await Promise.all(features.map((name) => stringsOf(`${FEATURES}${name}`)))));
  assert.deepEqual(Object.keys({ ...en, ...ofFeatures }).sort(), Object.keys(english).sort());
});

for (const language of LANGUAGES) {
  test(`${language}: a key is in one file`, async () => {
    const keys = (await tablesOf(language)).flatMap((strings) => Object.keys(strings));
    assert.deepEqual(keys.filter((key, n) => keys.indexOf(key) !== n), []);
  });

  test(`${language}: it has the keys of English, those of the log-in page in first.js`, async () => {
    const [own] = await tablesOf(language);
    const strings = Object.assign({}, ...(await tablesOf(language)));
    assert.deepEqual(Object.keys(english).filter((key) => !(key in strings)), [], `strings that chat/web/i18n/${language}/ lacks`);
    assert.deepEqual(Object.keys(strings).filter((key) => !(key in english)), [], "strings that English lacks");
    if (language !== "en") assert.deepEqual(Object.keys(own).sort(), Object.keys(first).sort());
  });

  test(`${language}: it fills in what English fills in`, async () => {
    for (const [key, text] of Object.entries(Object.assign({}, ...(await tablesOf(language))))) {
      const needed = [...new Set(forms(english[key]).flatMap(fields))].filter((name) => name !== "n");
      for (const form of forms(text)) {
        const own = new Set(fields(form));
        assert.deepEqual([...own].filter((name) => name !== "n").sort(), needed.sort(), key);
        assert.ok(numbers(form) <= numbers(forms(english[key])[0]), key);
      }
      const hasNumber = forms(english[key]).some((form) => fields(form).includes("n"));
      if (!hasNumber) assert.ok(forms(text).every((form) => !fields(form).includes("n")), key);
    }
  });

  test(`${language}: numbers have all their forms`, async () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(Object.assign({}, ...(await tablesOf(language))))) {
      const isOneForAll = new Set(forms(text)).size === 1;
      if (!isOneForAll) assert.deepEqual(wanted.filter((form) => !text[form]), [], key);
    }
  });
}
