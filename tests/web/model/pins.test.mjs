// What the page knows of a room's pinned messages after frames.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../../chat/web/features/pins/changes.js";
import { applyAll, setRoomFeature } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 3, seq: 3, at: 0, read: 3 };
const pin = (seq, text = "hi") => ({ at: 0, by: ADA, message: { room: 7, seq, pos: seq, at: 0, sender: ADA, text } });

function after(...frames) {
  const joined = applyAll({ ...EMPTY, me: ADA }, [ROOM], 0, [changes]).state;
  const list = [pin(2), pin(1)];
  const read = setRoomFeature(joined, 7, "pins", { pos: 0, seqs: new Set([1, 2]), list });
  return applyAll(read, frames, 0, [changes]).state.rooms.get(7).features.pins;
}

test("an unpinned message leaves the list, a pinned one is known before its text is read", () => {
  const { seqs, list, pos } = after(
    { type: "pinned", room: 7, pos: 4, at: 9, seq: 2, on: false, by: 1 },
    { type: "pinned", room: 7, pos: 5, at: 9, seq: 3, by: 1 },
  );
  assert.deepEqual([[...seqs], list.map(({ message }) => message.seq), pos], [[1, 3], [1], 5]);
});

test("a deleted message leaves the list", () => {
  const { seqs, list } = after({ type: "deleted", room: 7, pos: 4, at: 9, seq: 1 });
  assert.deepEqual([[...seqs], list.map(({ message }) => message.seq)], [[2], [2]]);
});

test("an edited message is shown as it is now", () => {
  const { list } = after({ type: "edited", room: 7, pos: 4, at: 9, seq: 1, text: "hello" });
  assert.deepEqual(list.map(({ message }) => message.text), ["hi", "hello"]);
});

test("a reset drops what was known", () => {
  assert.equal(after({ ...ROOM, reset: "too_far" }), undefined);
});

test("a change before the list was read is no list", () => {
  const joined = applyAll({ ...EMPTY, me: ADA }, [ROOM], 0, [changes]).state;
  const frame = { type: "pinned", room: 7, pos: 4, at: 9, seq: 3, by: 1 };
  assert.deepEqual(applyAll(joined, [frame], 0, [changes]).state.rooms.get(7).features.pins, { pos: 4, list: [] });
});
