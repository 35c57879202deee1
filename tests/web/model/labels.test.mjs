// What the page knows of labels after events and a read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReading, changes, filterByLabel, labelsOf } from "../../../chat/web/features/labels/changes.js";

const LABELS = [{ id: 1, name: "urgent", colour: "red" }, { id: 2, name: "refund", colour: "blue" }];
const learn = changes.ofOwn.labels;
const known = afterReading(undefined, LABELS, [{ room: 7, labels: [2, 1] }, { room: 8, labels: [2] }]);

test("a conversation has its labels in the order of all, and none that is gone", () => {
  assert.deepEqual(labelsOf(known, 7), LABELS);
  assert.deepEqual(labelsOf(afterReading(known, LABELS.slice(1), [{ room: 7, labels: [1, 2] }]), 7), [LABELS[1]]);
  assert.deepEqual(labelsOf(undefined, 7), []);
});

test("an event of a conversation has its labels, one without says to read again", () => {
  const after = learn(learn(known, { room: 7, labels: [1] }), { room: 8 });
  assert.deepEqual([labelsOf(after, 7), labelsOf(after, 8)], [[LABELS[0]], []]);
  assert.deepEqual([after.events, after.changes, learn(after, {}).changes], [2, 0, 1]);
});

test("the list is filtered by a label that is there", () => {
  const infos = [{ id: 7 }, { id: 8 }, { id: 9 }];
  assert.deepEqual(filterByLabel(known, infos, 1), [{ id: 7 }]);
  for (const label of [0, 99]) assert.equal(filterByLabel(known, infos, label), infos);
});
