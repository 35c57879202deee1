// What the page knows of this person's saved messages after events and reads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReading, changes, changesOf, dueOf } from "../../../chat/web/features/saved/changes.js";
import { applyAll } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const event = (seq, on) => ({ type: "saved", room: 7, seq, ...(on === false && { on }) });
const read = afterReading(undefined, [{ room: 7, seqs: [1, 2] }]);

function after(known, ...frames) {
  const before = { ...EMPTY, own: { saved: known } };
  return applyAll(before, frames, 0, [changes]).state.own.saved;
}

test("events change what was read", () => {
  const { places, added } = after(read, event(3), event(1, false));
  assert.deepEqual([[...places], added], [["7/2", "7/3"], 1]);
  assert.deepEqual([...read.places], ["7/1", "7/2"]);
});

test("events before the first read are counted, so that it is repeated", () => {
  assert.deepEqual(after(undefined, event(3), event(3, false)), { changes: 2, added: 1, reminders: new Map() });
});

test("a read after an absence shows whether the list has become longer", () => {
  assert.equal(afterReading(read, [{ room: 7, seqs: [1] }]).added, 0);
  assert.equal(afterReading(read, [{ room: 7, seqs: [2] }, { room: 8, seqs: [1] }]).added, 1);
});

test("changes of saved messages are known, also of those that are not loaded", () => {
  const room = { type: "room", id: 7, kind: "room", name: "garden", pos: 3, seq: 3, at: 0, read: 3 };
  const known = (...frames) => changesOf(applyAll({ ...EMPTY, me: { id: 1, name: "ada" } }, [room, ...frames], 0, [changes]).state.rooms, read.places);
  const edited = (seq, pos) => ({ type: "edited", room: 7, pos, at: 9, seq, text: "hello" });
  assert.equal(known(edited(3, 4)), "");
  assert.equal(known(edited(1, 4), { type: "deleted", room: 7, pos: 5, at: 9, seq: 1 }), "7:4,7:5");
});

test("a reminder saves its message, comes first when it is due, and goes with it", () => {
  const set = { type: "reminder", room: 7, seq: 3, at: 5000 };
  const due = { type: "reminders_due", reminders: [{ room: 7, seq: 3, at: 5000 }] };
  const known = after(read, set);
  assert.deepEqual([[...known.places], known.added], [["7/1", "7/2", "7/3"], 1]);
  const rooms = new Map([[7, {}]]);
  assert.deepEqual(dueOf(known, rooms), []);
  assert.deepEqual(dueOf(after(known, due), rooms), [{ room: 7, seq: 3, at: 5000, due: true }]);
  assert.deepEqual(dueOf(after(known, due), new Map()), []); // one has left the room
  assert.equal(after(known, due).added, 2);
  assert.deepEqual([...after(known, due, { ...set, at: 6000 }).reminders.values()], [{ room: 7, seq: 3, at: 6000 }]);
  assert.equal(after(known, { type: "reminder", room: 7, seq: 3 }).reminders.size, 0);
  assert.equal(after(known, event(3, false)).reminders.size, 0);
});

test("what was due during an absence comes to the list", () => {
  const reminders = [{ room: 7, seq: 1, at: 5000, due: true }];
  const known = afterReading(read, [{ room: 7, seqs: [1, 2] }], reminders);
  assert.deepEqual([known.added, dueOf(known, new Map([[7, {}]]))], [1, reminders]);
  assert.equal(afterReading(known, [{ room: 7, seqs: [1, 2] }], reminders).added, 1);
});
