// Slow mode on the page: the room after frames, and when the next message can go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../../chat/web/features/slow_mode/changes.js";
import { nextSendAt } from "../../../chat/web/features/slow_mode/turns.js";
import { applyAll } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const BEN = { id: 2, name: "ben" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 3, seq: 3, at: 0, read: 3, slow_mode: 30 };
const message = (seq, sender, at) => ({ type: "message", room: 7, seq, pos: seq, at, sender, kind: "text", text: "hi" });
const after = (...frames) => applyAll({ ...EMPTY, me: ADA }, [ROOM, ...frames], 0, [changes]).state;
const NOW = 1_700_000_000_000;

test("a change sets the room's slow mode, and ends it", () => {
  const on = { type: "slow_mode", room: 7, pos: 4, at: 9, seconds: 60, by: 2 };
  assert.equal(after(on).rooms.get(7).info.slow_mode, 60);
  assert.equal(after(on, { ...on, pos: 5, seconds: 0 }).rooms.get(7).info.slow_mode, undefined);
  assert.equal(after(on, { ...ROOM, pos: 5, slow_mode: 0 }).rooms.get(7).info.slow_mode, 0);
});

test("the next message waits for one's last one, on whatever device it was written", () => {
  const state = after(message(4, ADA, NOW - 10_000), message(5, BEN, NOW - 5_000));
  assert.equal(nextSendAt(state, 7, NOW), NOW + 20_000);
  assert.equal(nextSendAt(state, 7, NOW + 40_000), 0);
  assert.equal(nextSendAt(after(message(4, BEN, NOW)), 7, NOW), 0);
});

test("a clock that is behind the server's waits no longer than that, and a refusal counts too", () => {
  const state = after(message(4, ADA, NOW + 3_600_000));
  assert.equal(nextSendAt(state, 7, NOW), NOW + 30_000);
  const refused = { ...after(), slowUntil: new Map([[7, NOW + 12_000]]) };
  assert.equal(nextSendAt(refused, 7, NOW), NOW + 12_000);
  assert.equal(nextSendAt(refused, 7, NOW + 13_000), 0);
});
