// Asking a worker about a PDF: one question at a time, each for some seconds.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PdfReader } from "../../../chat/web/view/files/pdf_reader.js";

/** @type {FakeWorker[]} */
let workers = [];

/** What a page is answered; none: nothing. @type {Record<number, object>} */
const ANSWERS = { 2: { bitmap: "drawn" }, 3: { problem: "broken" } };

/** It says that it is there, and answers. */
class FakeWorker {
  /** @type {any[]} */
  asked = [];
  isEnded = false;
  constructor() {
    workers.push(this);
    this.say({ id: -1 });
  }
  /** @param {any} _event */
  onmessage(_event) {}
  /** @param {any} message */
  postMessage(message) {
    this.asked.push(message);
    this.say({ action: "of the library" });
    const answer = message.bytes ? { pages: 3 } : ANSWERS[message.page];
    if (answer) this.say({ id: message.id, ...answer });
  }
  /** @param {object} data */
  say(data) {
    queueMicrotask(() => this.onmessage({ data }));
  }
  terminate() {
    this.isEnded = true;
  }
}

/** @param {(reader: PdfReader) => Promise<void>} check */
async function withReader(check) {
  workers = [];
  globalThis.Worker = /** @type {any} */ (FakeWorker);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await check(new PdfReader(new Blob(["%PDF"])));
  } finally {
    mock.timers.reset();
  }
}

/** Wait until a worker was asked for a page. @param {number} page */
async function askedFor(page) {
  while (!workers.some(({ asked }) => asked.at(-1)?.page === page)) await new Promise((resolve) => setImmediate(resolve));
}

test("a page that takes long ends the worker, and the next question starts another one", () =>
  withReader(async (reader) => {
    assert.equal(await reader.open(), 3);
    const late = assert.rejects(reader.draw(1, 500), { kind: "late" });
    const next = reader.draw(2, 500);
    await askedFor(1);
    mock.timers.tick(9_999);
    assert.equal(workers[0]?.isEnded, false);
    mock.timers.tick(1);
    await late;
    assert.equal(workers[0]?.isEnded, true);
    assert.equal((await next).bitmap, "drawn");
    assert.equal(workers.length, 2);
  }));

test("a broken page is one: the others are asked of the same worker", () =>
  withReader(async (reader) => {
    await reader.open();
    await assert.rejects(reader.draw(3, 500), { kind: "broken" });
    assert.equal((await reader.draw(2, 500)).bitmap, "drawn");
    assert.equal(workers.length, 1);
  }));

test("after the end nothing is asked", () =>
  withReader(async (reader) => {
    await reader.open();
    reader.end();
    void reader.draw(2, 500);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(workers[0]?.isEnded, true);
    assert.equal(workers[0]?.asked.length, 1);
    assert.equal(workers.length, 1);
  }));
