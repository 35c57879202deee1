// A message of this person is shown once: as pending until the step in which it appears as a message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addHistory, applyAll } from "../../../chat/web/model/apply.js";
import { acknowledge, addPending, mergeOutbox } from "../../../chat/web/model/pending.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 4, at: 1, seq: 4, read: 4 };

const pending = (key, text, more = {}) => ({ key, room: 7, text, at: 1, ...more });
const message = (seq, text, more = {}) => ({ type: "message", room: 7, seq, pos: seq, at: seq, sender: ADA, text, ...more });
const keys = (state) => state.outbox.map(({ key }) => key);
const texts = (state) => [...state.rooms.get(7).messages.values()].map(({ text }) => text);

function stateWith(...outbox) {
  return { ...applyAll({ ...EMPTY, me: { ...ADA, changed: 0 } }, [ROOM], 0).state, outbox };
}

test("an acknowledged message stays pending until its event arrives", () => {
  const acknowledged = acknowledge(stateWith(pending("a", "hi")), "a", { room: 7, seq: 5 });
  assert.deepEqual(keys(acknowledged), ["a"]);
  const received = applyAll(acknowledged, [message(5, "hi")], 0).state;
  assert.deepEqual([keys(received), texts(received)], [[], ["hi"]]);
});

test("an acknowledgement after the event removes the pending message", () => {
  const received = applyAll(stateWith(), [message(5, "hi")], 0).state;
  const state = { ...received, outbox: [pending("a", "hi")] };
  assert.deepEqual(keys(acknowledge(state, "a", { room: 7, seq: 5 })), []);
});

test("a replayed message settles the pending message with its key, not one with its text", () => {
  const { state, keys: seen } = applyAll(stateWith(pending("a", "hi"), pending("b", "hi")), [message(5, "hi", { key: "b" })], 0);
  assert.deepEqual([keys(state), seen], [["a"], ["b"]]);
});

test("a page of history settles a pending message by its key", () => {
  const { state, keys: seen } = addHistory(stateWith(pending("a", "hi")), [{ ...message(4, "hi", { key: "a" }) }]);
  assert.deepEqual([keys(state), seen], [[], ["a"]]);
});

test("a message that another tab sent settles the pending message before its acknowledgement", () => {
  const row = pending("a", "hi");
  const received = applyAll(stateWith(row, pending("b", "hi")), [message(5, "hi")], 0).state;
  assert.deepEqual(keys(received), ["b"]);
  assert.deepEqual(keys(mergeOutbox(received, [row, pending("b", "hi")])), ["b"]);
  assert.deepEqual(mergeOutbox(received, []).settledKeys.size, 0);
});

test("a picture without text is matched by its file", () => {
  const state = stateWith(pending("a", "", { files: [{ id: 3 }] }), pending("b", "", { files: [{ id: 4 }] }));
  assert.deepEqual(keys(applyAll(state, [message(5, undefined, { files: [{ id: 4 }] })], 0).state), ["a"]);
});

test("another device's message with the same text settles nothing in the tab that sends", () => {
  const state = { ...stateWith(pending("a", "hi")), takenOver: new Set() };
  assert.deepEqual(keys(applyAll(state, [message(5, "hi")], 0).state), ["a"]);
});

test("a message that the tab before sent settles its pending message in the tab that sends now", () => {
  const state = { ...stateWith(pending("a", "hi"), pending("b", "hi")), takenOver: new Set(["b"]) };
  assert.deepEqual(keys(applyAll(state, [message(5, "hi")], 0).state), ["a"]);
});

test("others' messages, other rooms and refused messages settle nothing", () => {
  const refused = pending("a", "hi", { refused: { code: "forbidden", text: "no" } });
  const elsewhere = pending("b", "hi", { room: 8 });
  const ben = { id: 2, name: "ben" };
  const state = applyAll(stateWith(refused, elsewhere), [message(5, "hi", { sender: ben }), message(6, "hi")], 0).state;
  assert.deepEqual(keys(state), ["a", "b"]);
});

test("an acknowledged pending message survives a reload of the outbox", () => {
  const state = acknowledge(stateWith(pending("a", "hi")), "a", { room: 7, seq: 5 });
  assert.deepEqual(keys(mergeOutbox(state, [pending("b", "ho")])), ["a", "b"]);
});

test("a message that arrives before its pending message settles it later", () => {
  const row = pending("a", "hi");
  const received = applyAll(stateWith(), [message(5, "hi")], 0).state;
  const read = mergeOutbox(received, [row, pending("b", "hi")]);
  assert.deepEqual([keys(read), read.unmatchedOwn], [["b"], []]);
  assert.deepEqual(keys(mergeOutbox(read, [row, pending("b", "hi")])), ["b"]);
  assert.deepEqual(keys(addPending(received, row)), []);
  assert.deepEqual(keys(addPending(read, row)), ["b"]);
  assert.deepEqual(keys(addPending(read, pending("b", "hi"))), ["b"]);
});

test("another device's message with the same text settles no later pending message", () => {
  const read = mergeOutbox(applyAll(stateWith(), [message(5, "hi")], 0).state, []);
  assert.deepEqual(keys(mergeOutbox(read, [pending("a", "hi")])), ["a"]);
  assert.deepEqual(keys(addPending(read, pending("a", "hi"))), ["a"]);
});

test("a message that arrives while the outbox is read is matched by the next read", () => {
  const before = stateWith();
  const received = applyAll(before, [message(5, "hi")], 0).state;
  const read = mergeOutbox(received, [], before.unmatchedOwn);
  assert.deepEqual(keys(mergeOutbox(read, [pending("a", "hi")])), []);
});
