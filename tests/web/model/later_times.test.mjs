// The times at which something is done later, in the computer's time zone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, laterTimes, timeOf } from "../../../chat/web/model/later_times.js";

process.env.TZ = "Europe/Berlin";

const names = (now) => laterTimes(new Date(now).getTime()).map(({ name, at }) => `${name} ${fieldsOf(at).day} ${fieldsOf(at).time}`);

test("from a Wednesday", () => {
  assert.deepEqual(names("2026-11-25T22:50"), [
    "in_20_minutes 2026-11-25 23:10",
    "in_1_hour 2026-11-25 23:50",
    "in_3_hours 2026-11-26 01:50",
    "tomorrow 2026-11-26 09:00",
    "monday 2026-11-30 09:00",
  ]);
});

test("a Monday that is tomorrow is there once, and today is not the next one", () => {
  assert.deepEqual(names("2026-11-29T10:00").slice(3), ["tomorrow 2026-11-30 09:00"]);
  assert.deepEqual(names("2026-11-30T10:00").slice(3), ["tomorrow 2026-12-01 09:00", "monday 2026-12-07 09:00"]);
});

test("nine o'clock after a change of the clocks", () => {
  assert.deepEqual(names("2026-03-28T12:00")[3], "tomorrow 2026-03-29 09:00"); // a day of 23 hours
  assert.deepEqual(names("2026-10-24T12:00")[3], "tomorrow 2026-10-25 09:00"); // and one of 25
});

test("fields have the time back, and nothing is no time", () => {
  const at = new Date("2026-11-25T22:50").getTime();
  assert.equal(timeOf(fieldsOf(at)), at);
  assert.ok(Number.isNaN(timeOf({ day: "", time: "09:00" })));
});
