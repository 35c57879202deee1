// Private notes among the lines of a conversation, and the links in them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, inOrder, withNotes } from "../../../chat/web/features/support/changes.js";
import { pieces } from "../../../chat/web/features/support/links.js";

test("a note stands between what was done before and after it", () => {
  const lines = [{ what: "claimed", at: 1 }, { what: "closed", at: 3 }];
  assert.deepEqual(inOrder(lines, [{ id: 1, at: 2 }]).map(({ at }) => at), [1, 2, 3]);
});

test("an event says that the notes of its conversation are to be read again", () => {
  const { notes: learn } = changes.ofOwn;
  const read = withNotes(undefined, 7, [{ id: 1, at: 1 }]);
  const after = learn(learn(read, { room: 7 }), { room: 8 });
  assert.deepEqual([...after.changes], [[7, 1], [8, 1]]);
  assert.equal(after.notes, read.notes);
});

test("web addresses are links, and their pieces together are the text", () => {
  const links = (text) => {
    const found = pieces(text);
    assert.equal(found.map((piece) => piece.text).join(""), text);
    return found.filter(({ isLink }) => isLink).map((piece) => piece.text);
  };
  assert.deepEqual(links("see https://a.example/x?y=1, (http://b.example/z) or https://c.example/d_(e)."), ["https://a.example/x?y=1", "http://b.example/z", "https://c.example/d_(e)"]);
  for (const text of ["", "javascript:alert(1)", "ftp://a.example", "data:text/html,x", "https://", "https://[", "<b>hi</b>"]) assert.deepEqual(links(text), []);
  assert.equal(links(`${"https://a".repeat(20000)}`).length > 0, true);
});
