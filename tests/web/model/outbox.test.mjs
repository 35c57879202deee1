// Messages of the outbox that may have been sent so long ago that the server has forgotten their keys.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.addEventListener = () => {};
globalThis.navigator ??= {};
const { EMPTY, openStore } = await import("../../../chat/web/model/store.js");
const { openDatabase } = await import("../../../chat/web/storage/database.js");
const { chatError } = await import("../../../chat/web/net/errors.js");
const { openOutbox } = await import("../../../chat/web/net/outbox.js");

const DAY = 86_400_000;

/** An outbox with these messages, and the texts that it sends. */
async function opened(keyDays, ages) {
  const database = await openDatabase({ isShared: true, onLost() {} });
  for (const age of ages) await database.outbox.put({ key: `k${age}`, room: 1, text: `${age} days`, at: Date.now() - age * DAY });
  const sent = [];
  const connection = {
    async request(_type, { text }) {
      sent.push(text);
      return { seq: sent.length };
    },
  };
  const limits = { ...EMPTY.server.limits, key_days: keyDays };
  const store = openStore({ ...EMPTY, isPersistent: false, server: { ...EMPTY.server, limits } });
  const outbox = openOutbox({ store, database: () => database, tabs: { send() {} }, connection });
  const drain = async () => {
    const ending = new AbortController();
    const drained = outbox.drain(ending.signal);
    await new Promise((done) => setTimeout(done, 10));
    ending.abort();
    await drained;
  };
  await drain();
  return { outbox, store, sent, drain };
}

test("an old one waits for a word of its author", async () => {
  const { outbox, store, sent, drain } = await opened(30, [40, 20]);
  assert.deepEqual(sent, ["20 days"]);
  const [{ key, refused }] = store.get().outbox;
  assert.equal(refused.reason, "key_forgotten");
  await outbox.retry(key);
  await drain();
  assert.deepEqual(sent, ["20 days", "40 days"]);
});

test("where keys are known for ever, all are sent", async () => {
  assert.deepEqual((await opened(0, [4000])).sent, ["4000 days"]);
});

test("in a room in slow mode one message goes at a time, and those of other rooms do not wait", async () => {
  const database = await openDatabase({ isShared: true, onLost() {} });
  for (const [key, room] of Object.entries({ a: 1, b: 1, c: 1, d: 2 })) await database.outbox.put({ key, room, text: key, at: Date.now() });
  const sent = [];
  let freeAt = 0; // of room 1
  const connection = {
    async request(_type, { room, text }) {
      const left = room === 1 ? freeAt - Date.now() : 0;
      if (left > 0) throw chatError("too_many", "slow mode", { reason: "slow_mode", retryMs: left });
      if (room === 1) freeAt = Date.now() + (text === "b" ? 3_600_000 : 60);
      sent.push(text);
      return { seq: sent.length };
    },
  };
  const rooms = new Map([1, 2].map((id) => [id, { info: { id, kind: "room", slow_mode: id === 1 ? 60 : 0 } }]));
  const store = openStore({ ...EMPTY, isPersistent: false, rooms });
  const outbox = openOutbox({ store, database: () => database, tabs: { send() {} }, connection });
  const ending = new AbortController();
  const drained = outbox.drain(ending.signal);
  const until = async (count) => {
    while (sent.length < count) await new Promise((done) => setTimeout(done, 5));
  };
  await until(2);
  assert.deepEqual(sent, ["a", "d"]);
  assert.ok(store.get().slowUntil.get(1) <= freeAt + 5);
  assert.equal(store.get().sendResumesAt, undefined);
  await until(3);
  assert.deepEqual(sent, ["a", "d", "b"]);
  // The last one waits for an hour, or until slow mode is turned off.
  freeAt = 0;
  store.update((state) => ({ ...state, rooms: new Map(state.rooms).set(1, { info: { id: 1, kind: "room" } }) }));
  await until(4);
  assert.deepEqual(sent, ["a", "d", "b", "c"]);
  ending.abort();
  await drained;
});
