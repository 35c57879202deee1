// When the next connection is tried (docs/protocols/native.md).

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBackoff } from "../../../chat/web/net/backoff.js";

const WHOLE = () => 1; // no randomness: the longest

test("delays double from half a second to thirty", () => {
  const { delayAfter } = openBackoff(WHOLE);
  const waits = Array.from({ length: 8 }, () => delayAfter({ code: 1006 }, false));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("a live connection resets the delay, and randomness halves it at most", () => {
  const { delayAfter } = openBackoff(() => 0);
  for (let n = 0; n < 5; n++) delayAfter({ code: 1006 }, false);
  assert.equal(delayAfter({ code: 1006 }, true), 250);
});

test("the delay that the server asks for is used", () => {
  const { delayAfter } = openBackoff(WHOLE);
  assert.equal(delayAfter({ code: 1001, bye: 1234 }, true), 1234);
  assert.equal(delayAfter({ code: 0, retryMs: 77 }, false), 77);
});

test("each close code has its delay; codes without one back off if nothing was live", () => {
  const { delayAfter } = openBackoff(WHOLE);
  assert.deepEqual([4010, 4429, 4431, 1009].map((code) => delayAfter({ code }, true)), [60_000, 60_000, 60_000, 60_000]);
  assert.deepEqual([4009, 4401, 4403].map((code) => delayAfter({ code }, true)), [0, 0, 0]);
  assert.deepEqual([4401, 4401, 4401].map((code) => delayAfter({ code }, false)), [500, 1000, 2000]);
});
