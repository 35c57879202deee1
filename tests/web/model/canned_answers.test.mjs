// Which canned answers a word finds, in which order, and their variables.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, matching } from "../../../chat/web/features/canned_answers/matching.js";

const answer = (shortcut, text, shared) => ({ id: 1, shortcut, text, ...(shared && { shared }) });
const ANSWERS = [
  answer("refund", "We refund it.", true),
  answer("bye", "Goodbye, and ask about refunds any time."),
  answer("no-refund", "We can't."),
  answer("refund", "I refund it."),
  answer("refund-late", "It is late."),
  answer("привет", "Здравствуйте!"),
];
const found = (word) => matching(ANSWERS, word).map(({ shortcut, shared }) => (shared ? `${shortcut} of all` : shortcut));

test("a shortcut comes before its beginning, its middle and the text, and one's own before a shared one", () => {
  assert.deepEqual(found("refund"), ["refund", "refund of all", "refund-late", "no-refund", "bye"]);
  assert.deepEqual(found("ReFunds"), ["bye"]);
  assert.deepEqual(found("ПРИ"), ["привет"]);
  assert.deepEqual(found("здравст"), ["привет"]);
  assert.deepEqual(found("nothing"), []);
  assert.equal(found("").length, ANSWERS.length);
});

test("variables get their values, once, and others stay", () => {
  const values = { visitor: "{page}", operator: "$& Olga", page: undefined };
  assert.equal(filled("{visitor}, {operator}: {page} {other} {constructor} {} {visitor}", values), "{page}, $& Olga: {page} {other} {constructor} {} {page}");
});
