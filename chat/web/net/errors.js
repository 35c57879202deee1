// The bodies of requests and responses, and the errors of both as one type. A response that breaks off, or that is not the
// server's (a network that shows its own log-in page), counts as no answer.

/** @import { ChatError } from "../model/types" */

/** Codes after which the same request may be repeated. */
export const RETRYABLE = new Set(["unavailable", "outcome_unknown", "too_many"]);

/**
 * @param {string} code one of docs/protocols/native.md, "offline" where nothing answered, or "aborted"
 * @param {string} text
 * @param {{ reason?: string, status?: number, field?: string, retryMs?: number, holder?: { id: number, name: string }, appeal?: string }} [more]
 * @returns {ChatError}
 */
export function chatError(code, text, more = {}) {
  return Object.assign(new Error(text), { name: "ChatError", code, ...more });
}

/** Nothing answered. */
export function offline() {
  return chatError("offline", "the server does not answer");
}

/**
 * The error that a response's body or an error frame describes.
 * @param {{ error?: string, text?: string, code?: string, reason?: string, field?: string, retry_ms?: number, holder?: { id: number, name: string }, appeal?: string }} body
 * @param {number} [status]
 */
export function refusal(body, status) {
  const { code = status !== undefined && status >= 500 ? "unavailable" : "internal", reason, field, retry_ms, holder, appeal } = body;
  return chatError(code, body.error ?? body.text ?? code, {
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined ? {} : { status }),
    ...(field === undefined ? {} : { field }),
    ...(retry_ms === undefined ? {} : { retryMs: retry_ms }),
    ...(holder === undefined ? {} : { holder }),
    ...(appeal === undefined ? {} : { appeal }),
  });
}

/**
 * @param {unknown} error
 * @returns {error is ChatError}
 */
export function isChatError(error) {
  return error instanceof Error && error.name === "ChatError";
}

/** Encode a request's body as JSON; lone surrogates are replaced. @param {unknown} body */
export const encodeJson = (body) => JSON.stringify(body, (_, value) => value?.toWellFormed?.() ?? value);

/**
 * The JSON of a successful response; rejects with the error of any other.
 * @param {Response} response
 * @returns {Promise<any>}
 */
export async function readJson(response) {
  if (!response.ok) throw await readError(response);
  try {
    return await response.json();
  } catch {
    throw offline();
  }
}

/**
 * The bytes of a successful response; rejects with the error of any other.
 * @param {Response} response
 */
export async function readBlob(response) {
  if (!response.ok) throw await readError(response);
  try {
    return await response.blob();
  } catch {
    throw offline();
  }
}

/**
 * The error of a response; that of a proxy may be no JSON.
 * @param {Response} response
 */
export async function readError(response) {
  const body = await response.json().catch(() => ({}));
  return refusal(body, response.status);
}
