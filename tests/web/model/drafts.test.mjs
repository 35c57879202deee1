// Drafts on several devices: which text counts, and what is stored.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterDraft, afterReading, keptAt } from "../../../chat/web/model/drafts.js";
import { change, newPlace, QUIET, quietAt, receive, restore, settle, storedOf } from "../../../chat/web/model/draft_place.js";

test("what was typed is sent, and is typed no more once the server has it", () => {
  const place = newPlace();
  change(place, { text: "hello" }, 100);
  assert.deepEqual([place.typed, storedOf(place)], [100, { text: "hello", typed: 100 }]);
  assert.ok(settle(place, { text: "hello" }, 100, { text: "hello", at: 7 }, 200));
  assert.deepEqual([place.typed, storedOf(place)], [undefined, { text: "hello", at: 7 }]);
  change(place, { text: "hello!" }, 300);
  change(place, { text: "hello" }, 400);
  assert.equal(place.typed, undefined);
});

test("what another device typed later is taken, and nothing that is typed here is replaced", () => {
  const place = newPlace();
  assert.deepEqual(receive(place, { text: "from the phone", reply: 4, at: 5 }), { text: "from the phone", reply: 4 });
  assert.equal(receive(place, { text: "older", at: 4 }), undefined);
  change(place, { text: "here" }, 100);
  assert.equal(receive(place, { text: "from the phone again", at: 9 }), undefined);
  assert.equal(place.now.text, "here");
  assert.equal(quietAt(place), 100 + QUIET);
  assert.ok(!settle(place, { text: "here" }, 100, { text: "from the phone again", at: 9 }, 200)); // it was typed later there
  assert.deepEqual(receive(place, { text: "from the phone again", at: 9 }), { text: "from the phone again" });
});

test("a message that is sent while its draft is under way leaves no draft", () => {
  const place = newPlace();
  change(place, { text: "hello" }, 100);
  change(place, { text: "" }, 150); // sent
  assert.ok(settle(place, { text: "hello" }, 100, { text: "hello", at: 7 }, 200));
  assert.deepEqual([place.typed, storedOf(place)], [200, { text: "", typed: 200 }]);
  assert.ok(settle(place, { text: "" }, 200, { text: "", at: 9 }, 300));
  assert.deepEqual([place.typed, place.now.text], [undefined, ""]);
  assert.equal(receive(place, { text: "hello", at: 7 }), undefined);
});

test("a stored draft goes on where it was", () => {
  for (const stored of [{ text: "a", at: 5 }, { text: "a", reply: 2, typed: 9 }, { text: "", typed: 9 }]) {
    const place = newPlace();
    restore(place, stored);
    assert.deepEqual(storedOf(place), stored);
  }
  const old = newPlace();
  restore(old, { text: "of an earlier version" });
  assert.equal(old.typed, 1); // older than any on the server
});

test("the newer one stays, by an event or a read", () => {
  const after = (/** @type {any} */ known, /** @type {any} */ event) => afterDraft(known, { type: "draft", room: 1, ...event });
  const known = after(after(undefined, { text: "b", at: 5 }), { text: "a", at: 4 });
  const at = (/** @type {any} */ drafts, place = "1/0") => keptAt(/** @type {any} */ ({ own: { drafts } }), place);
  assert.deepEqual(at(known), { text: "b", at: 5 });
  const read = afterReading(known, [{ room: 1, text: "a", at: 4 }, { room: 1, thread: 3, at: 9 }], "connection");
  assert.deepEqual([at(read), at(read, "1/3")], [{ text: "b", at: 5 }, { text: "", at: 9 }]);
});
