// Why something was refused, as one kind of error.

/** @import { ChatError } from "../model/types" */

/** Codes of refusals after which the same may be asked again. */
export const LATER = new Set(["unavailable", "outcome_unknown", "too_many"]);

/**
 * @param {string} code one of the contract's, or "offline" where nothing answered, or "aborted"
 * @param {string} text
 * @param {{ status?: number, field?: string, retryMs?: number, holder?: { id: number, name: string } }} [more]
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
 * The error of a body or of a frame.
 * @param {{ error?: string, text?: string, code?: string, field?: string, retry_ms?: number, holder?: { id: number, name: string } }} told
 * @param {number} [status]
 */
export function refusal(told, status) {
  const { code = status !== undefined && status >= 500 ? "unavailable" : "internal", field, retry_ms, holder } = told;
  return chatError(code, told.error ?? told.text ?? code, {
    ...(status === undefined ? {} : { status }),
    ...(field === undefined ? {} : { field }),
    ...(retry_ms === undefined ? {} : { retryMs: retry_ms }),
    ...(holder === undefined ? {} : { holder }),
  });
}

/**
 * @param {unknown} error
 * @returns {error is ChatError}
 */
export function isChatError(error) {
  return error instanceof Error && error.name === "ChatError";
}
