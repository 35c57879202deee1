// The page's state after the frames of the shared vectors is the model's, as in tests/client/test_vectors.py.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { addHistory, applyAll, clearGaps } from "../../../chat/web/model/apply.js";
import { EMPTY } from "../../../chat/web/model/store.js";

const FEATURES = new URL("../../../chat/web/features/", import.meta.url);
const features = await Promise.all(
  readdirSync(FEATURES, { recursive: true })
    .filter((name) => name.endsWith("/changes.js"))
    .map(async (name) => (await import(new URL(name, FEATURES))).changes),
);
const DIRECTORY = new URL("../../client/vectors/", import.meta.url);
const FILES = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"));

for (const name of FILES) {
  const vector = JSON.parse(readFileSync(new URL(name, DIRECTORY), "utf-8"));

  test(`${name}: ${vector.about}`, () => {
    const { state, updates } = run(vector);
    // The page keeps a room and its position together, so a position without its room is never there.
    if (Object.keys(vector.positions).length === 0) assert.deepEqual(updates, vector.told);
    assert.deepEqual(
      [...state.rooms.values()].map(({ info }) => plain(info)),
      vector.rooms.map(plain),
    );
    const right = new Map(vector.messages.map((each) => [`${each.room}:${each.seq}`, plain(each)]));
    const loaded = [...state.rooms.values()].flatMap((room) => [...room.messages.values()]);
    const known = loaded.filter((each) => right.has(`${each.room}:${each.seq}`));
    assert.ok(known.length > 0);
    for (const message of known) assert.deepEqual(plain(message), right.get(`${message.room}:${message.seq}`));
    for (const { loadedRanges, messages } of state.rooms.values()) {
      assert.deepEqual(loadedRanges.flatMap(numbers), [...messages.keys()].sort((a, b) => a - b));
    }
    assert.equal(state.gaps.size, 0);
  });

  test(`${name}: frame by frame or all at once is the same`, () => {
    assert.deepEqual(run(vector, { atOnce: true }), run(vector));
  });
}

test("there are vectors", () => assert.ok(FILES.length > 10));

/** The state after a vector's steps, and what was news. */
function run(vector, { atOnce = false } = {}) {
  let state = { ...EMPTY, me: { id: vector.me, name: "ada", changed: 0 } };
  const updates = [];
  let frames = [];

  function flush() {
    const before = JSON.stringify([...state.rooms.values()].map(({ info }) => info));
    const old = state;
    const applied = applyAll(state, frames, 0, features);
    assert.equal(JSON.stringify([...old.rooms.values()].map(({ info }) => info)), before, "nothing is altered");
    state = applied.state;
    updates.push(...applied.updates.map(({ frame, room, pos }) => [frame.type, room, pos]));
    frames = [];
  }

  for (const step of vector.steps) {
    if (step.frame) {
      frames.push(step.frame);
      if (!atOnce) flush();
      continue;
    }
    flush();
    if (step.history) {
      state = addHistory(state, step.history).state;
    } else if (step.gaps) {
      const known = [...state.gaps].map((room) => {
        const { pos, at } = state.rooms.get(room).info;
        return [String(room), [pos, at]];
      });
      assert.deepEqual(Object.fromEntries(known), step.gaps);
    } else if (step.synced) {
      state = clearGaps(state, [step.synced]);
    }
  }
  flush();
  return { state, updates };
}

function numbers([first, last]) {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

const DEFAULTS = {
  topic: "",
  private: false,
  archived: false,
  role: "member",
  members: 0,
  unread: 0,
  mentions: 0,
  notify: "mentions",
  hidden: false,
  kind: "text",
  text: "",
};

/** Without what differs by its way: fields at their defaults, `key`, what is unknown, and the order of reactions. */
function plain(value) {
  const fields = Object.fromEntries(
    Object.entries(value).filter(
      ([name, each]) => each !== undefined && !["key", "colour"].includes(name) && each !== DEFAULTS[name] && !isEmpty(each),
    ),
  );
  if (fields.last) fields.last = plain(fields.last);
  if (fields.reactions) {
    fields.reactions = fields.reactions
      .map((each) => ({ mine: false, ...each, people: [...each.people].sort() }))
      .sort((a, b) => (a.emoji < b.emoji ? -1 : 1));
  }
  return fields;
}

function isEmpty(value) {
  return Array.isArray(value) && value.length === 0;
}
