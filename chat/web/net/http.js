// Calls below /api/v1, with the access token and one refresh where it has expired.

import { blobOf, jsonOf, jsonOfRequest } from "./responses.js";
import { chatError, offline, refusal } from "./errors.js";

/** @import { WireFile } from "../model/types" */
/** @import { Session } from "./session.js" */

/** Milliseconds for an answer, and what it brings. */
const ANSWERS_IN = 60_000;

/** Milliseconds for a file: 25 MiB at 256 kbit/s. */
const DOWNLOADED_IN = 900_000;

/** Calls that need no session. */
const OPEN = /^(GET|POST) \/setup|^(GET|POST) \/auth\/|^GET \/invites\/|^(GET|POST) \/support\/(desk|visitors)$/;

/** @param {Session} session */
export function openHttp(session) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestInit} request
   */
  async function answerOf(method, path, request) {
    const isOpen = OPEN.test(`${method} ${path}`);
    const token = isOpen && !session.isOpen() ? "" : await session.access();
    const first = await fetched(method, path, request, token);
    if (first.status !== 401 || isOpen) return first;
    session.doubt();
    return fetched(method, path, request, await session.access());
  }

  /**
   * @template T
   * @param {string} method
   * @param {string} path below /api/v1
   * @param {unknown} [body]
   * @returns {Promise<T>}
   */
  async function call(method, path, body) {
    const json = body === undefined ? {} : { body: jsonOfRequest(body), headers: { "Content-Type": "application/json" } };
    const answer = await answerOf(method, path, json);
    return /** @type {T} */ (answer.status === 204 ? undefined : await jsonOf(answer));
  }

  /** @param {number} file */
  async function download(file) {
    const answer = await answerOf("GET", `/files/${file}`, { signal: AbortSignal.timeout(DOWNLOADED_IN) });
    return blobOf(answer);
  }

  /**
   * @param {number} room
   * @param {globalThis.File} file
   * @param {{ onProgress?: (sent: number) => void, signal?: AbortSignal }} [options]
   * @returns {Promise<WireFile>}
   */
  async function upload(room, file, options = {}) {
    const token = await session.access();
    return sent(`/rooms/${room}/files?name=${encodeURIComponent(file.name)}`, file, token, options);
  }

  return { call, download, upload };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestInit} request
 * @param {string} token
 */
async function fetched(method, path, request, token) {
  const headers = new Headers(request.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(`/api/v1${path}`, { ...request, method, headers, signal: request.signal ?? AbortSignal.timeout(ANSWERS_IN) });
  } catch {
    throw offline();
  }
}

/**
 * Send a file. `fetch` tells nothing of how far it is, so this is an XMLHttpRequest.
 * @param {string} path
 * @param {globalThis.File} file
 * @param {string} token
 * @param {{ onProgress?: (sent: number) => void, signal?: AbortSignal }} options
 * @returns {Promise<WireFile>}
 */
function sent(path, file, token, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onerror = () => reject(offline());
    request.onabort = () => reject(chatError("aborted", "the upload was ended"));
    request.onload = () => {
      if (request.status < 300) resolve(request.response);
      else reject(refusal(request.response ?? {}, request.status));
    };
    if (signal?.aborted) return request.onabort(/** @type {any} */ (null));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
