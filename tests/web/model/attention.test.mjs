// Which messages deserve a notification, and the number on the browser's tab.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isWorthNotifying, countAttention } from "../../../chat/web/model/attention.js";

const BEN = { id: 2, name: "ben" };
const asks = (info, message = {}, blocked = []) =>
  isWorthNotifying({ kind: "room", notify: "mentions", ...info }, { sender: BEN, text: "hi", ...message }, 1, new Set(blocked));

test("direct messages, mentions and rooms set to all deserve a notification", () => {
  assert.ok(asks({ kind: "direct" }));
  assert.ok(asks({ kind: "support" }));
  assert.ok(asks({ others: [BEN] }));
  assert.ok(asks({ notify: "all" }));
  assert.ok(asks({}, { mentions: [1] }));
  assert.ok(asks({}, { all: true }));
});

test("own, muted, blocked and deleted messages deserve none", () => {
  assert.ok(!asks({}));
  assert.ok(!asks({}, { mentions: [3] }));
  assert.ok(!asks({ kind: "direct", notify: "none" }));
  assert.ok(!asks({ notify: "none" }, { mentions: [1] }));
  assert.ok(!asks({ kind: "direct" }, { sender: { id: 1, name: "ada" } }));
  assert.ok(!asks({ kind: "direct" }, {}, [2]));
  assert.ok(!asks({ kind: "direct" }, { deleted: { at: 1 } }));
  assert.ok(!asks({ notify: "all" }, { kind: "join" }));
});

test("the tab's number counts what deserves a notification; anything else unread is a dot", () => {
  const room = (info) => ({ info: { kind: "room", notify: "mentions", unread: 3, mentions: 1, ...info } });
  assert.deepEqual(countAttention([room({}), room({ kind: "direct" }), room({ notify: "all" }), room({ others: [] })]), { count: 10, inRooms: 4, isMore: true });
  assert.deepEqual(countAttention([room({ mentions: 0 })]), { count: 0, inRooms: 0, isMore: true });
  assert.deepEqual(countAttention([room({ notify: "none" }), room({ hidden: true }), room({ unread: 0, mentions: 0 })]), {
    count: 0,
    inRooms: 0,
    isMore: false,
  });
});
