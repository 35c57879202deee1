// What goes to the server has whole characters only, wherever in a request a text stands.

import assert from "node:assert/strict";
import test from "node:test";

import { inAddress, jsonOfRequest, wellFormed } from "../../../chat/web/model/well_formed.js";

const HALVES = ["\ud83d", "\udc4d", "a\ud83d", "\udc4db", "\ud83d\ud83d\udc4d", "\udc4d\ud83d"];

test("a half of a character is replaced, a whole one stays", () => {
  for (const half of HALVES) assert.ok(wellFormed(half).isWellFormed());
  assert.equal(wellFormed("a\ud83db"), "a\ufffdb");
  assert.equal(wellFormed("\ud83d\ud83d\udc4d"), "\ufffd👍");
  for (const whole of ["", "a", "👍", "é\u0301\ufffd", "𐀀"]) assert.equal(wellFormed(whole), whole);
});

test("a request's JSON has none, however deep they are", () => {
  const sent = jsonOfRequest({ id: 1, text: "a\ud83d", files: [], deep: [{ name: "\udc4d" }], on: true, none: null });
  assert.deepEqual(JSON.parse(sent), { id: 1, text: "a\ufffd", files: [], deep: [{ name: "\ufffd" }], on: true, none: null });
  assert.doesNotMatch(sent, /\\ud/i);
});

test("an address can be made of any text", () => {
  for (const half of HALVES) assert.ok(decodeURIComponent(inAddress(half)).isWellFormed());
  assert.equal(inAddress("a b"), "a%20b");
});
