// One WebSocket: requests have ids and one reply each; events come in batches, in order.

import { jsonOfRequest } from "./responses.js";
import { offline, refusal } from "./errors.js";

/** @import { Frame } from "../model/apply.js" */

/** @typedef {ReturnType<typeof openSocket>} Socket */
/** @typedef {{ code: number, reason?: string, bye?: number }} Ending `bye`: milliseconds after which the server wants one back */

/** Milliseconds until the socket has to be open, and for an answer. */
const OPENS_IN = 10_000;
const ANSWERS_IN = 30_000;

/** Milliseconds between two batches of a page that is seen. */
const FRAME = 16;

/**
 * @param {object} options
 * @param {(frames: Frame[]) => void} options.onFrames told of events, in order
 * @param {(ending: Ending) => void} options.onClose told once
 */
export function openSocket({ onFrames, onClose }) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/socket`);
  /** @type {Map<number, { resolve: (reply: any) => void, reject: (error: Error) => void }>} */
  const asked = new Map();
  let lastId = 0;
  /** @type {number | undefined} */
  let bye;
  let isClosed = false;
  /** @type {Frame[]} */
  let waiting = [];
  let flushedAt = 0;
  let isScheduled = false;
  const soon = new MessageChannel();
  soon.port1.onmessage = flush;

  /** @type {Promise<void>} */
  const opened = new Promise((resolve, reject) => {
    const timer = setTimeout(() => end({ code: 0 }), OPENS_IN);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    asked.set(0, { resolve, reject });
  });
  opened.catch(() => {});

  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = ({ code, reason }) => end({ code, reason });

  /** @param {any} frame */
  function receive(frame) {
    if (frame.type === "bye") {
      bye = frame.after_ms ?? 0;
    } else if (isReply(frame)) {
      flush(); // what came before the answer is there when it is
      answer(frame);
    } else {
      waiting.push(frame);
      schedule();
    }
  }

  /** @param {any} frame */
  function isReply(frame) {
    return frame.type === "error" || frame.type.endsWith("_ok");
  }

  /** @param {any} frame */
  function answer(frame) {
    const request = asked.get(frame.id);
    asked.delete(frame.id);
    if (frame.type === "error") request?.reject(refusal(frame));
    else request?.resolve(frame);
  }

  // A page that is seen draws once a frame; timers of one that is not come late, so it does not wait.
  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    const rest = document.hidden ? 0 : flushedAt + FRAME - performance.now();
    if (rest > 0) setTimeout(flush, rest);
    else soon.port2.postMessage(null);
  }

  function flush() {
    isScheduled = false;
    if (waiting.length === 0) return;
    const frames = waiting;
    waiting = [];
    flushedAt = performance.now();
    onFrames(frames);
  }

  /** @param {Ending} ending */
  function end(ending) {
    if (isClosed) return;
    flush();
    isClosed = true;
    socket.onmessage = socket.onclose = null;
    socket.close();
    soon.port1.close();
    for (const { reject } of asked.values()) reject(offline());
    asked.clear();
    onClose(bye === undefined ? ending : { ...ending, bye });
  }

  return {
    /** Resolves once it is open; rejects where it does not open. */
    opened,

    /**
     * Ask, and get the one reply; rejects with the error. Without an answer in time the socket is left.
     * @param {string} type
     * @param {object} [fields]
     * @param {number} [within] milliseconds
     * @returns {Promise<any>}
     */
    ask(type, fields = {}, within = ANSWERS_IN) {
      if (isClosed) return Promise.reject(offline());
      const id = ++lastId;
      const reply = new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
      socket.send(jsonOfRequest({ type, id, ...fields }));
      const timer = setTimeout(() => end({ code: 0 }), within);
      return reply.finally(() => clearTimeout(timer));
    },

    /** Leave it: nobody answers there, or nobody asks any more. @param {number} [code] how it ended */
    leave: (code = 0) => end({ code }),
  };
}
