// Bodies of HTTP requests and responses. A response that breaks off, or that is not the server's (a network that shows its
// own log-in page), counts as no answer.

import { offline, refusal } from "./errors.js";

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
