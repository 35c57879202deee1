// Asks the worker to read code and formulas, one after the other, and keeps what it has read.

import { useEffect, useReducer } from "../../vendor/preact.js";

/** @typedef {import("./readings").Form} Form */
/** @typedef {import("./readings").Readings} Readings */
/** @typedef {import("./readings").Wanted & { key: string, done: () => void }} Waiting */

/** Milliseconds for one text; after that it stays as it is. */
const LONGEST = 1_000;

/** Milliseconds until a library is fetched. */
const FETCHED = 30_000;

/** Milliseconds without work after which the worker ends. */
const IDLE = 60_000;

const MOST_KEPT = 500;

/** The readings by form, kind and text; null: nothing can be drawn. @type {Map<string, any>} */
const kept = new Map();

/** @type {Waiting[]} */
const queue = [];

/** @type {Worker | undefined} */
let worker;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @type {any} */
let policy;

/**
 * What a text consists of. Null: it is not read yet, or can't be.
 * @template {Form} F
 * @param {F} form
 * @param {string} kind
 * @param {string} text
 * @returns {Readings[F] | null}
 */
export function useRead(form, kind, text) {
  const key = `${form} ${kind} ${text}`;
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  useEffect(() => {
    if (kept.has(key)) return undefined;
    /** @type {Waiting} */
    const waiting = { form, kind, text, key, done: () => redraw(undefined) };
    queue.push(waiting);
    if (queue.length === 1) next();
    return () => {
      const place = queue.indexOf(waiting);
      if (place > 0) queue.splice(place, 1); // the first is under way
      waiting.done = () => undefined;
    };
  }, [key]);
  return kept.get(key) ?? null;
}

/** Give the worker what waits longest. */
function next() {
  clearTimeout(timer);
  const [first] = queue;
  if (!first) timer = setTimeout(end, IDLE);
  else if (kept.has(first.key)) settle();
  else {
    worker ??= start();
    timer = setTimeout(fail, FETCHED);
    worker.postMessage({ form: first.form, kind: first.kind, text: first.text });
  }
}

function settle() {
  queue.shift()?.done();
  next();
}

/** @param {any} reading */
function keep(reading) {
  const [first] = queue;
  if (!first) return;
  kept.set(first.key, reading);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}

function end() {
  worker?.terminate();
  worker = undefined;
}

/** Trusted Types require an address that a policy has made. */
function start() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const address = new URL("worker.js", import.meta.url).href;
  const trusted = (policy ??= trustedTypes?.createPolicy("code", { createScriptURL: () => address }))?.createScriptURL("") ?? address;
  const made = new Worker(trusted, { type: "module" });
  made.onmessage = ({ data }) => {
    if (data.begun) {
      clearTimeout(timer);
      timer = setTimeout(late, LONGEST);
    } else if (data.failed) fail();
    else {
      keep(data.reading);
      settle();
    }
  };
  made.onerror = fail;
  return made;
}

function late() {
  end();
  keep(null);
  settle();
}

/** A file can't be fetched now: this text stays as it is, and the next one is tried. */
function fail() {
  end();
  settle();
}
