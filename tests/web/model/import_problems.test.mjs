// What an admin reads of an import that failed.

import assert from "node:assert/strict";
import test from "node:test";

import { loadStrings } from "../../../chat/web/i18n/index.js";
import { importProblem } from "../../../chat/web/view/admin/import_problems.js";

await loadStrings();

test("a problem with a key has the reader's text, with its values", () => {
  const values = [
    { name: "file", value: "people.jsonl" },
    { name: "line", value: "12345" },
    { name: "most", value: String(16 * 2 ** 20) },
  ];
  const text = importProblem("people.jsonl, line 12345 is longer than 16777216 bytes", { key: "long_line", values });
  assert.equal(text, "Line 12,345 of people.jsonl is too long. At most 16.8 MB are read.");
});

test("a problem that this page does not know stays in English", () => {
  assert.equal(importProblem("the moon is full", { key: "moon", values: [] }), "the moon is full");
  assert.equal(importProblem("the moon is full", undefined), "the moon is full");
});
