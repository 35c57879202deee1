// Which texts are calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../../../chat/web/features/calls/address.js";

test("a call is a telephone and an address, and nothing else", () => {
  assert.deepEqual(addressOf("📞 https://meet.example/abc?x=1"), { href: "https://meet.example/abc?x=1", host: "meet.example" });
  const others = ["", undefined, "📞", "📞 ", "📞 meet.example/a", "📞https://meet.example/a", "📞 https://meet.example/a b", "📞 https://", "📞 https://meet.example@evil.example/", "📞 httpx://a", "see 📞 https://meet.example/a", "📞 https://meet.example/a\n", "📞 javascript:alert(1)"];
  for (const text of others) assert.equal(addressOf(text), null, text);
});
