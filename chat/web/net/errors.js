// Errors of calls and requests, as one type.

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
