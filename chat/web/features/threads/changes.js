// What the page knows of a room's threads, after a change.

import { withRange } from "../../model/ranges.js";

/** @import { DeletedEvent, MessageEvent, ThreadState } from "../../protocol" */

/**
 * @typedef {object} Thread
 * @property {ThreadState} [read] as the server had it; absent until it is read
 * @property {readonly number[]} fresh replies that have come since, by seq
 * @property {number} lastAt of the newest reply
 *
 * @typedef {object} Threads
 * @property {ReadonlyMap<number, Thread>} byRoot by the seq of the first message
 * @property {readonly (readonly [number, number])[]} ranges of first messages whose threads are read; the others of them
 *   have no replies
 */

/** @type {Threads} */
const NOTHING = { byRoot: new Map(), ranges: [] };

/** Replies that are remembered one by one; of more, the thread is read again. */
const MOST_FRESH = 500;

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "threads", ofRoom: { message: afterMessage, deleted: afterDeletion } };

/** A new message has no replies yet, and may be a reply. @param {Threads | undefined} known @param {MessageEvent} change @returns {Threads} */
function afterMessage(known = NOTHING, { seq, root, at }) {
  const ranges = withRange(known.ranges, seq, seq);
  if (root === undefined || root === null) return { ...known, ranges };
  const { read, fresh = [] } = known.byRoot.get(root) ?? {};
  const thread = { ...(read && { read }), fresh: [...fresh, seq].slice(-MOST_FRESH), lastAt: at };
  return { byRoot: new Map(known.byRoot).set(root, thread), ranges };
}

/** Which thread has lost a reply is known of new ones alone, so threads are read again. @param {Threads | undefined} known @param {DeletedEvent} change @returns {Threads} */
function afterDeletion(known = NOTHING, { seq }) {
  const changed = [...known.byRoot].filter(([, { fresh }]) => fresh.includes(seq));
  const isCounted = changed.every(([, { read }]) => seq <= (read?.last_seq ?? 0)); // true where none is changed
  const byRoot = new Map(known.byRoot);
  for (const [root, thread] of changed) byRoot.set(root, { ...thread, fresh: thread.fresh.filter((each) => each !== seq) });
  return { byRoot, ranges: isCounted ? [] : known.ranges };
}

/**
 * The known threads after a read of those whose first messages are in a range.
 * @param {Threads | undefined} known
 * @param {readonly ThreadState[]} states
 * @param {number} first
 * @param {number} last
 * @returns {Threads}
 */
export function afterReading(known = NOTHING, states, first, last) {
  const byRoot = new Map([...known.byRoot].filter(([root, { fresh }]) => root < first || root > last || fresh.length > 0));
  for (const read of states) {
    const { fresh = [], lastAt = 0 } = known.byRoot.get(read.root) ?? {};
    byRoot.set(read.root, { read, fresh, lastAt: Math.max(lastAt, read.last_at ?? 0) });
  }
  return { byRoot, ranges: withRange(known.ranges, first, last) };
}

/** How many replies a thread has; 0: that is not known. @param {Thread | undefined} thread */
export function countOf(thread) {
  if (!thread) return 0;
  const { replies = 0, last_seq } = thread.read ?? {};
  return replies + newer(thread, last_seq ?? 0).length;
}

/** The newest reply of a thread. @param {Thread} thread */
export function lastOf({ read, fresh }) {
  return Math.max(read?.last_seq ?? 0, ...fresh.slice(-1));
}

/** Replies that have come after one. @param {Thread | undefined} thread @param {number} seq */
export function newer(thread, seq) {
  return thread?.fresh.filter((each) => each > seq) ?? [];
}
