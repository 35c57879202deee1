// Messages of the outbox that may have been sent so long ago that the server has forgotten their keys.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.addEventListener = () => {};
globalThis.navigator ??= {};
const { EMPTY, openStore } = await import("../../../chat/web/model/store.js");
const { openDatabase } = await import("../../../chat/web/storage/database.js");
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
