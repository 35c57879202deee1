// Which replies are in threads that this person follows: asked once in a while for each thread, when a reply comes.

/** @import { Message } from "../model/types" */

/** Milliseconds for which an answer is kept. */
const KEPT = 60_000;

/** @type {Map<string, { at: number, isFollowed: Promise<boolean> }>} */
const known = new Map();

/**
 * @param {import("./push.js").Call} call
 * @param {readonly Message[]} replies
 * @returns {Promise<Message[]>}
 */
export async function thoseFollowed(call, replies) {
  const followed = await Promise.all(replies.map((reply) => isFollowed(call, reply)));
  return replies.filter((_, i) => followed[i]);
}

/** @param {import("./push.js").Call} call @param {Message} reply */
function isFollowed(call, { room, root = 0 }) {
  const place = `${room}-${root}`;
  const now = Date.now();
  for (const [each, { at }] of known) if (at < now - KEPT) known.delete(each);
  const found = known.get(place) ?? { at: now, isFollowed: ask(call, room, root) };
  known.set(place, found);
  return found.isFollowed;
}

/** @param {import("./push.js").Call} call @param {number} room @param {number} root */
async function ask(call, room, root) {
  try {
    const { threads = [] } = /** @type {import("../protocol").ThreadList} */ (await call("GET", `/rooms/${room}/threads?after=${root - 1}&before=${root + 1}&limit=1`));
    return threads[0]?.following ?? false;
  } catch {
    return false; // the push of the message comes all the same
  }
}
