// The window of a timeline and its rows.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as timeline from "../../../chat/web/model/timeline.js";

const MINUTE = 60_000;
const dayOf = (/** @type {number} */ at) => String(Math.floor(at / (24 * 60 * MINUTE)));

/** @param {number} seq @param {object} [fields] */
function message(seq, { person = 1, at = seq * MINUTE, kind = "text" } = {}) {
  return { room: 1, seq, pos: seq, at, sender: { id: person, name: `p${person}` }, kind, text: `${seq}` };
}

/** @param {ReturnType<typeof message>[]} messages @param {[number, number][]} [loadedRanges] */
function room(messages, loadedRanges) {
  const seqs = messages.map(({ seq }) => seq);
  return { messages: new Map(messages.map((one) => [one.seq, one])), loadedRanges: loadedRanges ?? [[Math.min(...seqs), Math.max(...seqs)]] };
}

/** @param {timeline.Row[]} rows */
const outline = (rows) =>
  rows.map((row) => {
    if (row.kind === "message") return `${row.isFirst ? "" : "+"}${row.seq}`;
    if (row.kind === "gap") return `gap ${row.first}-${row.last}`;
    if (row.kind === "joins") return `joins ${row.messages.length}`;
    return row.kind;
  });

test("a window never exceeds its limit", () => {
  let window = timeline.atEnd(10_000);
  for (let i = 0; i < 300; i++) {
    const next = timeline.older(window, { first: window.first, last: window.first + 40 });
    assert.ok(next.last - next.first < timeline.MAX_DRAWN);
    assert.ok(next.last >= window.first, "the place one came from stays in it");
    window = next;
  }
  assert.equal(window.first, 1);
  for (let i = 0; i < 300; i++) window = timeline.newer(window, 10_000, { first: window.last - 40, last: window.last });
  assert.deepEqual(window, { first: 9_801, last: 10_000 });
  for (const seq of [1, 5_000, 10_000]) {
    const { first, last } = timeline.around(seq, 10_000);
    assert.ok(first <= seq && seq <= last && first >= 1 && last <= 10_000);
  }
});

test("messages in sight are never dropped", () => {
  let window = timeline.around(5_000, 10_000);
  const steps = [() => timeline.older(window, window), () => timeline.newer(window, 10_000, window)];
  for (let i = 0; i < 100; i++) {
    const next = steps[i % 2]();
    assert.ok(next.first <= window.first && next.last >= window.last);
    window = next;
  }
  assert.ok(window.last - window.first < timeline.MAX_DRAWN_IN_SIGHT);
  for (const step of steps) assert.equal(step(), window, "it comes to rest");
});

test("a window at the end follows new messages and stays small", () => {
  let window = timeline.atEnd(30);
  for (let newest = 31; newest < 2_000; newest++) window = timeline.followEnd(window, newest);
  assert.equal(window.last, 1_999);
  assert.ok(window.last - window.first < timeline.MAX_DRAWN);
  assert.deepEqual(timeline.atEnd(0), { first: 1, last: 0 });
});

test("gaps are the ranges that are not loaded, and each has a page that fills it", () => {
  const window = { first: 10, last: 30 };
  assert.deepEqual(timeline.missingRanges(window, [[1, 12], [15, 20], [29, 40]]), [
    { first: 13, last: 14 },
    { first: 21, last: 28 },
  ]);
  assert.deepEqual(timeline.missingRanges(window, []), [window]);
  assert.deepEqual(timeline.missingRanges(window, [[1, 100]]), []);
  assert.deepEqual(timeline.pageFor(window, window, 100), { around: 20 });
  assert.deepEqual(timeline.pageFor(window, window, 30), { before: 31 });
  assert.deepEqual(timeline.pageFor({ first: 10, last: 14 }, window, 100), { before: 15 });
  assert.deepEqual(timeline.pageFor({ first: 25, last: 30 }, window, 100), { after: 24 });
});

test("rows have the start, days, groups of one sender within five minutes, and gaps", () => {
  const messages = [
    message(1),
    message(2),
    message(3, { at: 8 * MINUTE }),
    message(4, { at: 9 * MINUTE, person: 2 }),
    message(8, { at: 10 * MINUTE, person: 2 }),
    message(9, { at: 24 * 60 * MINUTE, person: 2 }),
  ];
  const made = timeline.rows(room(messages, [[1, 4], [8, 9]]), { first: 1, last: 9 }, { dayOf });
  assert.deepEqual(outline(made), ["start", "day", "1", "+2", "3", "4", "gap 5-7", "day", "8", "day", "9"]);
  assert.equal(new Set(made.map(({ key }) => key)).size, made.length);
});

test("the divider is above the first new message, which begins a group", () => {
  const messages = [message(1), message(2), message(3)];
  const made = timeline.rows(room(messages), { first: 1, last: 3 }, { dayOf, newAfter: 1 });
  assert.deepEqual(outline(made), ["start", "day", "1", "new", "2", "+3"]);
});

test("consecutive joins are one row that names nobody twice", () => {
  const messages = [1, 2, 3, 1].map((person, i) => message(i + 1, { person, kind: "join" }));
  const made = timeline.rows(room(messages), { first: 1, last: 4 }, { dayOf });
  assert.deepEqual(outline(made), ["start", "day", "joins 4"]);
  assert.deepEqual(timeline.joinedNames(messages), { names: ["p1"], others: 2 });
  assert.deepEqual(timeline.joinedNames(messages.slice(0, 2)), { names: ["p1", "p2"], others: 0 });
});

test("an empty room is its start, and a room without loaded messages is a gap", () => {
  assert.deepEqual(outline(timeline.rows({ messages: new Map(), loadedRanges: [] }, timeline.atEnd(0), { dayOf })), ["start"]);
  assert.deepEqual(outline(timeline.rows({ messages: new Map(), loadedRanges: [] }, timeline.atEnd(5), { dayOf })), ["gap 1-5"]);
});

test("the focus moves up, down and to the ends, and stays in the list", () => {
  const seqs = [3, 5, 9];
  assert.equal(timeline.focusAfter(seqs, null, "ArrowUp"), 9);
  assert.equal(timeline.focusAfter(seqs, 9, "ArrowUp"), 5);
  assert.equal(timeline.focusAfter(seqs, 3, "ArrowUp"), 3);
  assert.equal(timeline.focusAfter(seqs, 9, "ArrowDown"), 9);
  assert.equal(timeline.focusAfter(seqs, 5, "Home"), 3);
  assert.equal(timeline.focusAfter([], null, "End"), null);
});

test("the readers of a message are the others whose mark has reached it", () => {
  assert.deepEqual(timeline.readBy(new Map([[1, 9], [2, 5], [3, 4]]), 5, 1), [2]);
});

test("a window follows the room only at its end, and is cut to it after a reset", () => {
  const window = { first: 801, last: 1_000 };
  const at = (/** @type {timeline.Window} */ window, /** @type {number} */ newest, isAtEnd = false) =>
    timeline.afterRoomChange(window, { before: 1_000, newest, isAtEnd });
  assert.deepEqual(at(window, 1_010, true), { first: 811, last: 1_010 });
  assert.equal(at(window, 1_010).first, 801, "what somebody reads stays");
  assert.deepEqual(at({ first: 901, last: 1_000 }, 1_200), { first: 901, last: 1_100 });
  assert.deepEqual(at({ first: 1, last: 100 }, 1_200, true), { first: 1, last: 100 }, "it was not at the end");
  assert.deepEqual(at(window, 900), { first: 801, last: 900 });
  assert.deepEqual(at(window, 50), { first: 1, last: 50 });
});

test("a window does not reach below the oldest message that is kept", () => {
  assert.deepEqual(timeline.atEnd(120, 100), { first: 100, last: 120 });
  assert.equal(timeline.around(5, 10_000, 9_000).first, 9_000);
  assert.equal(timeline.older({ first: 120, last: 140 }, { first: 120, last: 140 }, 110).first, 110);
  const drawn = { first: 10, last: 40 };
  const change = { before: 40, newest: 40, isAtEnd: true };
  assert.deepEqual(timeline.afterRoomChange(drawn, { ...change, oldest: 20 }), { first: 20, last: 40 });
  assert.equal(timeline.afterRoomChange({ first: 1, last: 10 }, { ...change, oldest: 20 }).first, 20);
  const kept = room([message(20), message(21)]);
  assert.deepEqual(outline(timeline.rows(kept, { first: 20, last: 21 }, { oldest: 20, dayOf })), ["start", "day", "20", "+21"]);
});
