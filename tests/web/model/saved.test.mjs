// What the page knows of this person's saved messages after events and reads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReading, changes } from "../../../chat/web/features/saved/changes.js";
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
  assert.deepEqual(after(undefined, event(3), event(3, false)), { changes: 2, added: 1 });
});

test("a read after an absence shows whether the list has become longer", () => {
  assert.equal(afterReading(read, [{ room: 7, seqs: [1] }]).added, 0);
  assert.equal(afterReading(read, [{ room: 7, seqs: [2] }, { room: 8, seqs: [1] }]).added, 1);
});
