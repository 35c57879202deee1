// Uploads run in turn, and wait when the server's limit is reached.

import assert from "node:assert/strict";
import test from "node:test";
import { runInTurn } from "../../../chat/web/view/files/upload_queue.js";

const never = new AbortController().signal;

test("at most three uploads run at a time, in order", async () => {
  let running = 0;
  let most = 0;
  const begun = [];
  const upload = (n) => async () => {
    begun.push(n);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (n === 2) throw new Error("broken");
    return n;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => runInTurn(upload(n), never)));
  assert.deepEqual(all.map(({ value }) => value), [0, 1, undefined, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(all[2].reason.message, "broken");
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(most, 3);
});

test("an upload over the server's limit is repeated, other errors are not", async () => {
  let tries = 0;
  const busy = async () => {
    if (++tries < 3) throw Object.assign(new Error("busy"), { code: "too_many", retryMs: 1 });
    return "done";
  };
  assert.equal(await runInTurn(busy, never), "done");
  assert.equal(tries, 3);
  await assert.rejects(runInTurn(async () => Promise.reject(new Error("too big")), never), { message: "too big" });
});

test("an aborted upload leaves the queue", async () => {
  const ending = new AbortController();
  const busy = async () => {
    setImmediate(() => ending.abort());
    throw Object.assign(new Error("busy"), { code: "too_many", retryMs: 1e8 });
  };
  await assert.rejects(runInTurn(busy, ending.signal), { code: "aborted" });
  assert.equal(await runInTurn(async () => "next", never), "next");
});
