// The crop of a picture, and what a change of a room's picture does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../../chat/web/features/pictures/changes.js";
import { MOST_ZOOM, moved, squareOf, startCrop, zoomed } from "../../../chat/web/features/pictures/crop.js";
import { applyChange, applySnapshot, roomFromSnapshot } from "../../../chat/web/model/room_state.js";

test("a crop begins as the largest square in the middle", () => {
  assert.deepEqual(squareOf(startCrop(640, 480)), { left: 80, top: 0, side: 480 });
  assert.deepEqual(squareOf(startCrop(1, 3)), { left: 0, top: 1, side: 1 });
});

test("a crop stays in the image however it is moved and zoomed", () => {
  let crop = startCrop(640, 480);
  for (const [across, down, zoom] of [[9, 9, 1], [-9, 0.5, 4], [0.3, -9, 99], [9, 9, 0.001], [-0.2, 0.1, 1.5]]) {
    crop = zoomed(moved(crop, across, down), crop.zoom * zoom);
    const { left, top, side } = squareOf(crop);
    assert.ok(left >= 0 && top >= 0 && left + side <= 640 && top + side <= 480);
    assert.ok(crop.zoom >= 1 && crop.zoom <= MOST_ZOOM);
  }
});

test("dragging to the right shows what is on the left", () => {
  assert.equal(squareOf(moved(startCrop(640, 480), 0.1, 0)).left, 80 - 48);
});

const SNAPSHOT = { type: "room", id: 1, kind: "room", name: "garden", pos: 3, at: 1, seq: 0, read: 0 };

/** @param {object} snapshot @param {...object} events */
function after(snapshot, ...events) {
  const draft = { room: roomFromSnapshot(/** @type {any} */ ({ ...SNAPSHOT, ...snapshot })), ownsMessages: true };
  for (const event of events) assert.ok(applyChange(draft, /** @type {any} */ ({ type: "picture", room: 1, at: 2, ...event }), 7, [changes]));
  return draft;
}

test("a change gives a room a picture, and takes it away", () => {
  assert.equal(after({}, { pos: 4, picture: "a" }).room.info.picture, "a");
  assert.ok(!("picture" in after({ picture: "a" }, { pos: 4 }).room.info));
});

test("a newer snapshot is not undone by changes that it has", () => {
  const draft = after({ picture: "a" });
  applySnapshot(draft, /** @type {any} */ ({ ...SNAPSHOT, pos: 5, picture: "c" }));
  assert.ok(applyChange(draft, /** @type {any} */ ({ type: "picture", room: 1, pos: 4, at: 2, picture: "b" }), 7, [changes]));
  assert.equal(draft.room.info.picture, "c");
  applySnapshot(draft, /** @type {any} */ ({ ...SNAPSHOT, pos: 6 }));
  assert.ok(!("picture" in draft.room.info));
});
