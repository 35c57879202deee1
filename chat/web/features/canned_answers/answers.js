// The canned answers that this person may use, read in pages and remembered for a minute.

import { sessionMap } from "../../view/shared/session_memory.js";

/** @typedef {import("../../protocol").CannedAnswer} CannedAnswer */
/** @typedef {import("../../model/types").Chat} Chat */

/** Milliseconds after which they are read again. */
const LIFETIME = 60_000;

/** @type {Map<"all", { at: number, answers: Promise<CannedAnswer[]> }>} */
const known = sessionMap();

/** @param {Chat} chat @returns {Promise<CannedAnswer[]>} */
export function knownAnswers(chat) {
  const found = known.get("all");
  if (found && Date.now() - found.at < LIFETIME) return found.answers;
  const answers = readAnswers(chat);
  const read = { at: Date.now(), answers };
  known.set("all", read);
  answers.catch(() => known.get("all") === read && known.delete("all"));
  return answers;
}

/** Read them at the next use. */
export function forgetAnswers() {
  known.clear();
}

/** @param {Chat} chat @returns {Promise<CannedAnswer[]>} */
export async function readAnswers(chat) {
  const all = [];
  for (let after = 0; ; ) {
    const { answers, next } = /** @type {import("../../protocol").CannedAnswers} */ (await chat.call("GET", `/support/answers?limit=100&after=${after}`));
    all.push(...answers);
    if (next === undefined) return all;
    after = next;
  }
}
