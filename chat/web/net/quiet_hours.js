// Whether one's quiet hours hold back what this page would show. The server knows the times; each answer counts a minute.

/** @import { Message } from "../model/types" */
/** @import { QuietHoursChoice } from "../protocol" */

/** Milliseconds for which an answer counts. */
const COUNTS = 60_000;

/** @type {{ at: number, answer: Promise<QuietHoursChoice> } | null} */
let last = null;

/**
 * The messages that may notify now: in quiet hours those of chosen people. All, if the server does not answer.
 * @param {import("./push.js").Call} call
 * @param {Message[]} messages
 * @returns {Promise<Message[]>}
 */
export async function thoseThatMayNotify(call, messages) {
  const now = Date.now();
  if (!last || now - last.at > COUNTS) last = { at: now, answer: call("GET", "/me/quiet-hours") };
  try {
    const { until, people } = await last.answer;
    return until && until > now ? messages.filter(({ sender }) => people.includes(sender.id)) : messages;
  } catch {
    last = null;
    return messages;
  }
}

/** The quiet hours were changed. */
export function forgetAnswer() {
  last = null;
}
