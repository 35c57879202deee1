// One WebSocket: each request has an id and one reply; events arrive in batches, in order.

import { encodeJson, offline, refusal } from "./errors.js";

/** @import { Frame } from "../model/apply.js" */

/** @typedef {ReturnType<typeof openSocket>} Socket */
/** @typedef {{ code: number, reason?: string, bye?: number }} Ending `bye`: milliseconds after which the server asks clients to reconnect */

/** Milliseconds for opening the socket, and for a reply. */
const OPEN_TIMEOUT = 10_000;
const REPLY_TIMEOUT = 30_000;

/** Milliseconds between two batches while the page is visible. */
const FRAME_MS = 16;

/**
 * @param {object} options
 * @param {(frames: Frame[]) => void} options.onFrames called with events, in order
 * @param {(ending: Ending) => void} options.onClose called once
 */
export function openSocket({ onFrames, onClose }) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/socket`);
  /** @type {Map<number, { resolve: (reply: any) => void, reject: (error: Error) => void }>} */
  const pending = new Map();
  let lastId = 0;
  /** @type {number | undefined} */
  let bye;
  let isClosed = false;
  /** @type {Frame[]} */
  let batch = [];
  let flushedAt = 0;
  let isScheduled = false;
  const immediate = new MessageChannel();
  immediate.port1.onmessage = flush;

  /** @type {Promise<void>} */
  const opened = new Promise((resolve, reject) => {
    const timer = setTimeout(() => end({ code: 0 }), OPEN_TIMEOUT);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    pending.set(0, { resolve, reject });
  });
  opened.catch(() => {});

  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = ({ code, reason }) => end({ code, reason });

  /** @param {any} frame */
  function receive(frame) {
    if (frame.type === "bye") {
      bye = frame.after_ms ?? 0;
    } else if (isReply(frame)) {
      flush(); // events before the reply are applied before it
      answer(frame);
    } else {
      batch.push(frame);
      schedule();
    }
  }

  /** @param {any} frame */
  function isReply(frame) {
    return frame.type === "error" || frame.type.endsWith("_ok");
  }

  /** @param {any} frame */
  function answer(frame) {
    const request = pending.get(frame.id);
    pending.delete(frame.id);
    if (frame.type === "error") request?.reject(refusal(frame));
    else request?.resolve(frame);
  }

  // A visible page draws once a frame. A hidden one does not wait, because its timers are late.
  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    const rest = document.hidden ? 0 : flushedAt + FRAME_MS - performance.now();
    if (rest > 0) setTimeout(flush, rest);
    else immediate.port2.postMessage(null);
  }

  function flush() {
    isScheduled = false;
    if (batch.length === 0) return;
    const frames = batch;
    batch = [];
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
    immediate.port1.close();
    for (const { reject } of pending.values()) reject(offline());
    pending.clear();
    onClose(bye === undefined ? ending : { ...ending, bye });
  }

  return {
    /** Resolves once it is open; rejects if it does not open. */
    opened,

    /**
     * Send a request. Resolves with its reply, rejects with its error. Without a reply in time the socket is closed.
     * @param {string} type
     * @param {object} [fields]
     * @param {number} [within] milliseconds
     * @returns {Promise<any>}
     */
    request(type, fields = {}, within = REPLY_TIMEOUT) {
      if (isClosed) return Promise.reject(offline());
      const id = ++lastId;
      const reply = new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
      socket.send(encodeJson({ type, id, ...fields }));
      const timer = setTimeout(() => end({ code: 0 }), within);
      return reply.finally(() => clearTimeout(timer));
    },

    /** Close it. @param {number} [code] how it ended */
    close: (code = 0) => end({ code }),
  };
}
