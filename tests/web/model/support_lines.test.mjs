// How a support conversation was led, line by line.

import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, withSteps } from "../../../chat/web/features/support/changes.js";

const PERSON = 9;
const olga = { id: 1, name: "olga" };
const oscar = { id: 2, name: "oscar" };
const step = (pos, by, state, assignee) => ({ pos, at: pos * 10, by, state, ...(assignee && { assignee }) });
const whats = (steps) => linesOf(steps, PERSON).map(({ what, by, to }) => [what, by, to].filter(Boolean).join(" "));

test("each change of state and assignee is a line", () => {
  const steps = [step(2, 1, "open", olga), step(3, 1, "open", oscar), step(4, 2, "closed", oscar), step(6, PERSON, "open", oscar), step(7, 2, "open")];
  assert.deepEqual(whats(steps), ["claimed 1", "handed 1 oscar", "closed 2", "reopened 9", "returned 2"]);
});

test("a closing by the person themself is the server's, and one change may be two lines", () => {
  assert.deepEqual(whats([step(2, PERSON, "closed"), step(4, 1, "open", olga)]), ["idle 9", "reopened 1", "claimed 1"]);
});

test("changes that arrive and changes that are read are one list", () => {
  const live = withSteps(undefined, [step(5, 1, "closed")]);
  assert.deepEqual(withSteps(live, [step(5, 1, "closed"), step(2, 1, "open", olga)]).steps.map(({ pos }) => pos), [2, 5]);
});
