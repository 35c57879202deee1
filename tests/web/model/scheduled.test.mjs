// What the page knows of this person's scheduled messages after events and reads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, isUnread, readScheduled, scheduledOf } from "../../../chat/web/features/scheduled/changes.js";
import { applyAll } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const message = (id, at, room = 7) => ({ id, room, key: `k${id}`, text: "tea?", at });
const live = { ...EMPTY, connection: { state: "live" }, server: { ...EMPTY.server, features: ["scheduled"] } };

/** A chat whose server answers with these messages; `meanwhile` runs before each answer. */
function chatWith(answer, meanwhile = () => {}) {
  let state = live;
  return {
    get: () => state,
    put: (...frames) => (state = applyAll(state, frames, 0, [changes]).state),
    setOwn: (name, known) => (state = { ...state, own: { ...state.own, [name]: known } }),
    reconnect: () => (state = { ...state, connection: { state: "live" } }),
    async call() {
      const scheduled = answer();
      meanwhile(this);
      return { scheduled };
    },
  };
}

test("they are read once for each connection, and events change them", async () => {
  const chat = chatWith(() => [message(1, 30), message(2, 20)]);
  assert.ok(isUnread(chat.get()));
  await readScheduled(chat);
  assert.ok(!isUnread(chat.get()));
  const ids = (room) => scheduledOf(chat.get(), room).map(({ id }) => id);
  assert.deepEqual(ids(), [2, 1]);
  chat.put({ type: "scheduled", message: message(3, 10, 8) }, { type: "scheduled", message: message(1, 5) });
  assert.deepEqual([ids(), ids(8)], [[1, 3, 2], [3]]);
  chat.put({ type: "unscheduled", scheduled: 3, seq: 4 });
  assert.deepEqual([ids(), ids(8)], [[1, 2], []]);
  chat.reconnect();
  assert.ok(isUnread(chat.get()));
});

test("an answer that lacks what has changed meanwhile is read again", async () => {
  let reads = 0;
  const chat = chatWith(
    () => (reads++ ? [message(1, 30)] : []),
    (chat) => reads === 1 && chat.put({ type: "scheduled", message: message(1, 30) }),
  );
  await readScheduled(chat);
  assert.deepEqual([reads, scheduledOf(chat.get())], [2, [message(1, 30)]]);
});
