// What the page knows of a room's threads after frames.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReading, changes, countOf, lastOf, newer } from "../../../chat/web/features/threads/changes.js";
import { applyAll, setRoomFeature } from "../../../chat/web/model/apply.js";
import { panelOf, roomPath } from "../../../chat/web/model/panel.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const ADA = { id: 1, name: "ada" };
const ROOM = { type: "room", id: 7, kind: "room", name: "garden", pos: 3, seq: 3, at: 0, read: 3 };
const said = (seq, root) => ({ type: "message", room: 7, pos: seq, seq, at: seq * 100, sender: ADA, text: "hi", ...(root && { reply: root, root }) });
const READ = { root: 1, replies: 1, last_seq: 3, last_at: 300, following: true };

function after(states, ...frames) {
  const joined = applyAll({ ...EMPTY, me: ADA }, [ROOM], 0, [changes]).state;
  const read = states ? setRoomFeature(joined, 7, "threads", afterReading(undefined, states, 1, 3)) : joined;
  return applyAll(read, frames, 0, [changes]).state.rooms.get(7).features.threads;
}

test("a reply counts behind what was read, and a new message has none", () => {
  const { byRoot, ranges } = after([READ], said(4, 1), said(5));
  assert.deepEqual([countOf(byRoot.get(1)), lastOf(byRoot.get(1)), byRoot.get(1).lastAt], [2, 4, 400]);
  assert.deepEqual(ranges, [[1, 5]]);
  assert.deepEqual(newer(byRoot.get(1), 3), [4]);
});

test("what is read later counts a reply once that came meanwhile", () => {
  const known = after(undefined, said(4, 1), said(5, 1));
  assert.equal(countOf(known.byRoot.get(1)), 2);
  const stale = afterReading(known, [{ ...READ, last_seq: 4, replies: 2 }], 1, 3);
  assert.deepEqual([countOf(stale.byRoot.get(1)), lastOf(stale.byRoot.get(1))], [3, 5]);
  const fresh = afterReading(known, [{ ...READ, last_seq: 5, replies: 3 }], 1, 3);
  assert.equal(countOf(fresh.byRoot.get(1)), 3);
});

test("a deleted new reply counts no more; of others the threads are read again", () => {
  const one = after([READ], said(4, 1), { type: "deleted", room: 7, pos: 5, at: 9, seq: 4 });
  assert.deepEqual([countOf(one.byRoot.get(1)), one.ranges], [1, [[1, 4]]]);
  const other = after([READ], { type: "deleted", room: 7, pos: 4, at: 9, seq: 3 });
  assert.deepEqual([countOf(other.byRoot.get(1)), other.ranges], [1, []]);
  assert.equal(countOf(afterReading(other, [], 1, 3).byRoot.get(1)), 0);
});

test("a deleted reply that was read, after it came, is read again", () => {
  const known = afterReading(after(undefined, said(4, 1)), [{ ...READ, last_seq: 4, replies: 2 }], 1, 3);
  const { byRoot, ranges } = changes.ofRoom.deleted(known, { seq: 4 });
  assert.deepEqual([byRoot.get(1).fresh, ranges], [[], []]);
});

test("a reset drops what was known", () => {
  assert.equal(after([READ], { ...ROOM, reset: "too_far" }), undefined);
});

test("the address names the panel", () => {
  for (const panel of [{ show: "room" }, { show: "person", person: 7 }, { show: "thread", seq: 42 }]) {
    assert.deepEqual(panelOf(new URL(roomPath(3, panel), "http://page").searchParams), panel);
  }
  assert.equal(roomPath(3, { show: "thread", seq: 42 }, 45), "/room/3/45?show=thread-42");
  for (const shown of ["thread-0", "thread-", "thread-x", "other-3", ""]) assert.equal(panelOf(new URLSearchParams({ show: shown })), null);
});
