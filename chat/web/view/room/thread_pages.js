// The pages of an open thread, and its replies as they come.

import { useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { countOf, newer } from "../../features/threads/changes.js";
import { useChat, useSelected } from "../shared/context.js";
import { problemText } from "../shared/problem.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../protocol").Thread} Page */

/** Replies in a page. */
const PAGE = 50;

/** How often a page is read again because a change arrived meanwhile. */
const MOST_TRIES = 5;

/**
 * @typedef {object} OpenedThread
 * @property {number} root its first message
 * @property {readonly number[]} seqs the replies that are loaded, ascending
 * @property {number} count all its replies
 * @property {boolean} isLoaded
 * @property {boolean} isFirst the oldest reply is loaded
 * @property {boolean} isLast the newest reply is loaded
 * @property {boolean} isBusy
 * @property {boolean | undefined} isFollowed
 * @property {string} error
 * @property {() => void} reload
 * @property {() => void} earlier
 * @property {() => void} later
 * @property {(isFollowed: boolean) => void} setFollowed
 */

/** @typedef {{ root: number, seqs: number[], count: number, last: number, isLoaded: boolean, isFirst: boolean, isLast: boolean, isFollowed?: boolean }} Loaded */

/**
 * @param {Room} room
 * @param {number} seq any message of the thread
 * @returns {OpenedThread}
 */
export function useThread(room, seq) {
  const id = room.info.id;
  const chat = useChat();
  const isLive = useSelected((state) => state.connection.state === "live");
  const me = useSelected((state) => state.me?.id);
  const [loaded, setLoaded] = useState(/** @type {Loaded} */ ({ root: seq, seqs: [], count: 0, last: 0, isLoaded: false, isFirst: false, isLast: false }));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const running = useRef(0);

  const read = useCallback(
    async (/** @type {{ before?: number, after?: number, around?: number }} */ where, /** @type {(now: Loaded, page: Page) => Loaded} */ join) => {
      const mine = ++running.current;
      setBusy(true);
      try {
        for (let tries = 1; ; tries++) {
          const page = /** @type {Page} */ (await chat.request("thread", { room: id, seq, limit: PAGE, ...where }));
          if (mine !== running.current) return undefined;
          const messages = [...(page.message ? [page.message] : []), ...(page.messages ?? [])];
          if (!chat.keepMessages({ pos: page.pos, messages }) && tries < MOST_TRIES) continue; // an edit may be missing in it
          setLoaded((now) => join(now, page));
          setError("");
          setBusy(false);
          return page;
        }
      } catch (reason) {
        if (mine !== running.current) return undefined;
        setError(problemText(reason));
        setBusy(false);
        return undefined;
      }
    },
    [chat, id, seq],
  );

  // The newest replies, or those around the one in the address. A message that is not loaded may be either.
  const reload = useCallback(async () => {
    const isReply = chat.get().rooms.get(id)?.messages.get(seq)?.root !== undefined;
    const around = () => read({ around: seq }, (_now, page) => opened(page));
    if (isReply) return void around();
    const page = await read({}, (now, page) => (page.root === seq || seqsOf(page).includes(seq) ? opened(page) : now));
    if (page && page.root !== seq && !seqsOf(page).includes(seq)) await around();
  }, [chat, id, seq, read]);
  useEffect(() => {
    if (isLive && !loaded.isLoaded) reload();
  }, [isLive, loaded.isLoaded, reload]);

  // A reset drops the threads of the room: replies may have been missed.
  const known = /** @type {import("../../features/threads/changes.js").Threads | undefined} */ (room.features.threads);
  const isKnown = useRef(known !== undefined);
  useEffect(() => {
    if (isKnown.current && known === undefined) setLoaded((now) => ({ ...now, isLoaded: false }));
    isKnown.current = known !== undefined;
  }, [known === undefined]);

  const thread = known?.byRoot.get(loaded.root);
  const fresh = newer(thread, loaded.last);
  const seqs = loaded.isLast ? [...loaded.seqs, ...fresh.filter((each) => each > (loaded.seqs.at(-1) ?? 0))] : loaded.seqs;

  // Replying makes one follow the thread, unless one has unfollowed it.
  const newest = fresh.at(-1);
  const isMine = newest !== undefined && room.messages.get(newest)?.sender.id === me;
  useEffect(() => {
    if (!isMine || loaded.isFollowed) return;
    chat.request("threads", { room: id, after: loaded.root - 1, before: loaded.root + 1, limit: 1 }).then(
      (/** @type {any} */ { threads = [] }) => setLoaded((now) => ({ ...now, isFollowed: threads[0]?.following ?? false })),
      () => {}, // it is as before
    );
  }, [newest, isMine]);

  const messages = room.messages;
  const deleted = seqs.filter((each) => messages.get(each)?.deleted).length;
  return {
    ...{ root: loaded.root, seqs, isLoaded: loaded.isLoaded, isFirst: loaded.isFirst, isLast: loaded.isLast, isFollowed: loaded.isFollowed },
    count: Math.min(loaded.count + fresh.length - deleted, thread?.read ? countOf(thread) : Infinity),
    isBusy,
    error,
    reload,
    earlier: () =>
      void read({ before: seqs[0] ?? 0 }, (now, page) => ({ ...now, seqs: [...seqsOf(page), ...now.seqs], isFirst: page.first ?? false })),
    later: () => void read({ after: loaded.seqs.at(-1) ?? 0 }, (now, page) => ({ ...now, seqs: [...now.seqs, ...seqsOf(page)], isLast: page.last ?? false })),
    setFollowed: (isFollowed) => setLoaded((now) => ({ ...now, isFollowed })),
  };
}

/** @param {Page} page @returns {Loaded} */
function opened(page) {
  const { root, replies = 0, last_seq = 0, first = false, last = false, following = false } = page;
  return { root, seqs: seqsOf(page), count: replies, last: last_seq ?? 0, isLoaded: true, isFirst: first, isLast: last, isFollowed: following };
}

/** @param {Page} page */
function seqsOf({ messages = [] }) {
  return messages.map(({ seq }) => seq);
}
