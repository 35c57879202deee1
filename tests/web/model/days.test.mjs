// Days in the reader's time zone, also days that do not have 24 hours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { daysAgo } from "../../../chat/web/model/timeline.js";

process.env.TZ = "America/New_York";
const ago = (at, now) => daysAgo(new Date(at).getTime(), new Date(now).getTime());

test("days change at midnight", () => {
  assert.equal(ago("2026-06-10T00:00", "2026-06-10T23:59"), 0);
  assert.equal(ago("2026-06-10T23:59", "2026-06-11T00:00"), 1);
  assert.equal(ago("2025-12-31T12:00", "2026-01-01T12:00"), 1);
  assert.equal(ago("2026-06-12T00:10", "2026-06-11T23:50"), -1);
});

test("the day before one of 25 hours is yesterday until its end", () => {
  assert.equal(ago("2026-10-31T12:00", "2026-11-01T23:30"), 1);
});

test("the day of 23 hours is yesterday from the next midnight on", () => {
  assert.equal(ago("2026-03-08T12:00", "2026-03-09T00:30"), 1);
  assert.equal(ago("2026-03-07T23:45", "2026-03-09T00:30"), 2);
});
