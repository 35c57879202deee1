// HTTP calls below /api/v1 with the access token, which is refreshed once if it has expired.

import { chatError, encodeJson, offline, readBlob, readJson, refusal } from "./errors.js";

/** @import { WireFile } from "../model/types" */
/** @import { Session } from "./session.js" */

/** Milliseconds for a response with its body. */
const TIMEOUT = 60_000;

/** Milliseconds for a download: 25 MiB at 256 kbit/s. */
const DOWNLOAD_TIMEOUT = 900_000;

/** Calls that need no session. */
const WITHOUT_SESSION = /^(GET|POST) \/setup|^(GET|POST) \/auth\/|^GET \/invites\/|^(GET|POST) \/support\/(desk|visitors)$/;

/** @param {Session} session */
export function openHttp(session) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestInit} request
   */
  async function authorised(method, path, request) {
    const isPublic = WITHOUT_SESSION.test(`${method} ${path}`);
    const token = isPublic && !session.hasToken() ? "" : await session.access();
    const first = await fetchApi(method, path, request, token);
    if (first.status !== 401 || isPublic) return first;
    session.invalidate();
    return fetchApi(method, path, request, await session.access());
  }

  /**
   * @template T
   * @param {string} method
   * @param {string} path below /api/v1
   * @param {unknown} [body]
   * @returns {Promise<T>}
   */
  async function call(method, path, body) {
    const sent = body instanceof Blob ? { body } : { body: encodeJson(body), headers: { "Content-Type": "application/json" } };
    const response = await authorised(method, path, body === undefined ? {} : sent);
    return /** @type {T} */ (response.status === 204 ? undefined : await readJson(response));
  }

  /** @param {number} file */
  async function download(file) {
    const response = await authorised("GET", `/files/${file}`, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT) });
    return readBlob(response);
  }

  /**
   * @param {number} room
   * @param {globalThis.File} file
   * @param {{ onProgress?: (sent: number) => void, signal?: AbortSignal }} [options]
   * @returns {Promise<WireFile>}
   */
  async function upload(room, file, options = {}) {
    const token = await session.access();
    return send(`/rooms/${room}/files?name=${encodeURIComponent(file.name)}`, file, token, options);
  }

  return { call, download, upload };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestInit} request
 * @param {string} token
 */
async function fetchApi(method, path, request, token) {
  const headers = new Headers(request.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(`/api/v1${path}`, { ...request, method, headers, signal: request.signal ?? AbortSignal.timeout(TIMEOUT) });
  } catch {
    throw offline();
  }
}

/**
 * Upload a file. XMLHttpRequest, because `fetch` reports no progress.
 * @param {string} path
 * @param {globalThis.File} file
 * @param {string} token
 * @param {{ onProgress?: (sent: number) => void, signal?: AbortSignal }} options
 * @returns {Promise<WireFile>}
 */
function send(path, file, token, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onerror = () => reject(offline());
    request.onabort = () => reject(chatError("aborted", "the upload was cancelled"));
    request.onload = () => {
      if (request.status < 300) resolve(request.response);
      else reject(refusal(request.response ?? {}, request.status));
    };
    if (signal?.aborted) return request.onabort(/** @type {any} */ (null));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
