// What an HTTP answer says. One that breaks off, or that is not the server's (a network that asks to log in), is none.

import { offline, refusal } from "./errors.js";

/** The JSON of a request, without halves of characters. @param {unknown} body */
export const jsonOfRequest = (body) => JSON.stringify(body, (_, value) => value?.toWellFormed?.() ?? value);

/**
 * The JSON of an answer that is good; rejects with the error of one that is not.
 * @param {Response} answer
 * @returns {Promise<any>}
 */
export async function jsonOf(answer) {
  if (!answer.ok) throw await errorOf(answer);
  try {
    return await answer.json();
  } catch {
    throw offline();
  }
}

/**
 * The bytes of an answer; rejects likewise.
 * @param {Response} answer
 */
export async function blobOf(answer) {
  if (!answer.ok) throw await errorOf(answer);
  try {
    return await answer.blob();
  } catch {
    throw offline();
  }
}

/**
 * The error of an answer; that of a proxy may be no JSON.
 * @param {Response} answer
 */
export async function errorOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return refusal(told, answer.status);
}
