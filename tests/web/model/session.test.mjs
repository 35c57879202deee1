// A refused refresh: what ends the session, and what does not.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.navigator ??= {};
const { openSession } = await import("../../../chat/web/net/session.js");

/** A session whose refresh is refused so; what it rejects with, and whether it has ended. */
async function refusedBy(status, body) {
  globalThis.fetch = async () => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  let hasEnded = false;
  const tokenStore = { lock: "session", body: () => ({}), put() {}, clear() {} };
  const session = openSession({ onMe() {}, onEnded: () => (hasEnded = true), tokenStore });
  const error = await session.access().then(() => null, (reason) => reason);
  return { error, hasEnded };
}

test("a session that is over ends", async () => {
  const { error, hasEnded } = await refusedBy(401, { error: "over", code: "unauthenticated", reason: "bad_refresh" });
  assert.deepEqual([error.code, hasEnded], ["unauthenticated", true]);
});

test("in a banned network the session goes on, and the refusal says until when", async () => {
  const body = { error: "this network is banned", code: "forbidden", reason: "address_banned_until", appeal: "help@chat.example", retry_ms: 9 };
  const { error, hasEnded } = await refusedBy(403, body);
  assert.deepEqual([error.reason, error.appeal, hasEnded], ["address_banned_until", "help@chat.example", false]);
});
