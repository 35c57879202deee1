// Requests contain no lone surrogates.

import assert from "node:assert/strict";
import test from "node:test";

import { encodeJson } from "../../../chat/web/net/errors.js";

test("lone surrogates are replaced at any depth, and everything else stays", () => {
  const asked = { id: 1, text: "a\ud83d", deep: [{ name: "\udc4d" }], on: true, none: null, out: undefined };
  const sent = encodeJson(asked);
  assert.deepEqual(JSON.parse(sent), { id: 1, text: "a\ufffd", deep: [{ name: "\ufffd" }], on: true, none: null });
  assert.doesNotMatch(sent, /\\ud/i);
  const whole = { texts: ["", "a", "👍", "é\u0301\ufffd", "𐀀"], numbers: [0, 1.5] };
  assert.deepEqual(JSON.parse(encodeJson(whole)), whole);
});
