// When a status ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ENDS, timeOfEnd } from "../../../chat/web/features/statuses/ends.js";

/** A Wednesday afternoon. */
const NOW = new Date(2026, 10, 25, 15, 30).getTime();

/** @param {number} month @param {number} day */
const midnight = (month, day) => new Date(2026, month, day).getTime();

test("a status ends after its minutes, at the end of the day or of the week, or never", () => {
  assert.equal(timeOfEnd("never", NOW), undefined);
  assert.deepEqual([timeOfEnd("half_hour", NOW), timeOfEnd("hour", NOW), timeOfEnd("four_hours", NOW)], [30, 60, 240].map((minutes) => NOW + minutes * 60_000));
  assert.equal(timeOfEnd("today", NOW), midnight(10, 26));
  assert.equal(timeOfEnd("week", NOW), midnight(10, 30));
  assert.equal(timeOfEnd("week", NOW, 7), midnight(10, 29));
  assert.equal(timeOfEnd("week", midnight(10, 30)), midnight(11, 7));
  for (const end of ENDS) if (end !== "custom" && end !== "never") assert.ok(Number(timeOfEnd(end, NOW)) > NOW);
});
