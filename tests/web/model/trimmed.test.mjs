// What the page keeps of a room whose oldest messages are removed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { applyAll } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 0, seq: 0, at: 0, read: 0 };
const message = (seq) => ({ type: "message", room: 7, seq, pos: seq, at: seq, sender: { id: 2, name: "ben" }, text: `${seq}` });

function after(...frames) {
  const all = [ROOM, message(1), message(2), message(3), ...frames];
  const { state, roomsToCount, updates } = applyAll({ ...EMPTY, me: ADA }, all, 0);
  return { room: state.rooms.get(7), roomsToCount, updates };
}

test("removed messages are dropped, and what is unread is counted again", () => {
  const { room, roomsToCount, updates } = after({ type: "trimmed", room: 7, pos: 4, at: 9, first: 3 });
  assert.deepEqual([...room.messages.keys()], [3]);
  assert.deepEqual(room.loadedRanges, [[3, 3]]);
  assert.deepEqual([room.info.first, room.info.pos, roomsToCount, updates.length], [3, 4, [7], 5]);
});

test("an older snapshot does not bring them back", () => {
  const { room } = after({ type: "trimmed", room: 7, pos: 4, at: 9, first: 3 }, { ...ROOM, first: 2, pos: 3, seq: 3 });
  assert.equal(room.info.first, 3);
  assert.equal(after({ ...ROOM, first: 2, pos: 3, seq: 3 }).room.info.first, 2);
});
