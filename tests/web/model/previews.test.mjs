// What the page knows of a room's link previews after frames, and which link of a text gets one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReading, changes, previewOf } from "../../../chat/web/features/previews/changes.js";
import { firstLink } from "../../../chat/web/features/previews/links.js";
import { applyAll } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 3, seq: 3, at: 0, read: 3 };
const CATS = { url: "https://example.org/", host: "example.org", title: "Cats" };
const said = (seq) => ({ type: "message", room: 7, pos: seq, seq, at: seq * 100, sender: ADA, text: CATS.url });
const previewed = (pos, seq, preview) => ({ type: "previewed", room: 7, pos, seq, at: pos * 100, by: 1, ...(preview && { preview }) });

function after(...frames) {
  const joined = applyAll({ ...EMPTY, me: ADA }, [ROOM], 0, [changes]).state;
  return applyAll(joined, frames, 0, [changes]).state.rooms.get(7).features.previews;
}

test("a message has the preview of the last change", () => {
  const known = after(said(4), previewed(5, 4, CATS));
  assert.deepEqual([previewOf(known, 4), known.ranges], [CATS, [[4, 4]]]);
  assert.equal(previewOf(after(said(4), previewed(5, 4, CATS), previewed(6, 4)), 4), null);
  assert.equal(previewOf(after(said(4), previewed(5, 4, CATS), { type: "deleted", room: 7, pos: 6, at: 9, seq: 4 }), 4), null);
});

test("what is read later does not undo a change that came meanwhile", () => {
  const known = after(said(4), previewed(5, 4, CATS), previewed(6, 2));
  const read = afterReading(known, [{ seq: 2, preview: CATS }, { seq: 1, preview: CATS }], 1, 4);
  assert.deepEqual([1, 2, 3, 4].map((seq) => previewOf(read, seq)), [CATS, null, undefined, CATS]);
  assert.deepEqual(read.ranges, [[1, 4]]);
});

test("the first link of a text gets a preview, without what ends the sentence", () => {
  const cases = [
    ["see https://example.org/a?b=c#d, and http://other.org", "https://example.org/a?b=c#d"],
    ["(https://example.org/a)", "https://example.org/a"],
    ["https://en.example.org/Cat_(animal)", "https://en.example.org/Cat_(animal)"],
    ["[cats](https://example.org/cats)!", "https://example.org/cats"],
    ["<https://example.org>", "https://example.org"],
    ["https://example.org.", "https://example.org"],
    ["http://localhost/ and ftp://example.org", ""],
    ["https:// https://.", ""],
    ["nothing", ""],
  ];
  for (const [text, link] of cases) assert.equal(firstLink(text), link, text);
});
