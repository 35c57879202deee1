// What people read of an error, with how long they have to wait.

import assert from "node:assert/strict";
import test from "node:test";

import { problemText, waitText } from "../../../chat/web/view/shared/problem.js";

test("how long to wait is said in the largest unit of which there are two", () => {
  assert.equal(waitText(1), "Try again in 1 second.");
  assert.equal(waitText(119), "Try again in 119 seconds.");
  assert.equal(waitText(121), "Try again in 3 minutes.");
  assert.equal(waitText(86_400), "Try again in 24 hours.");
  assert.equal(waitText(3 * 86_400), "Try again in 3 days.");
});

test("somebody whose address was blocked for a day reads why, and until when", () => {
  const error = {
    code: "too_many",
    message: "no new conversation can be started from this address for now",
    reason: "no_new_visitors",
    retryMs: 86_399_500,
  };
  assert.equal(problemText(error), "No new conversation can be started from this address for now. Try again in 24 hours.");
  assert.equal(problemText({ ...error, reason: "rate_limited", retryMs: 1500 }), "Too many attempts. Try again in 2 seconds.");
});
