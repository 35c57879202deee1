// What the panel acts through: a visitor's session, their one conversation, and what waits to be sent.

import { answeredRead, applyAll, load as loadInto } from "../model/apply.js";
import { openStore } from "../model/store.js";
import { openHttp } from "../net/http.js";
import { openLine } from "../net/connection.js";
import { openOutbox } from "../net/outbox.js";
import { openSession } from "../net/session.js";
import { alone } from "../net/tabs.js";
import { startWaking } from "../net/wake.js";
import { openKept } from "./visitor_storage.js";

/** @import { Room, WireFile } from "../model/types" */
/** @import { RoomEvent, Session, SupportDesk } from "../protocol" */

/** @typedef {ReturnType<typeof openVisitor>} Visitor */
/** @typedef {{ name?: string, email?: string }} About */

/** Messages of one page. */
const PAGE = 50;

/** @param {string | undefined} page that the visitor writes from */
export function openVisitor(page) {
  const store = openStore();
  const nothing = store.get();
  const kept = openKept(hear);
  const session = openSession({
    onMe: (me) => store.update((state) => ({ ...state, me })),
    onEnded: end,
    kept: kept.session,
  });
  const http = openHttp(session);
  const line = openLine({
    store,
    session,
    onNews: (_news, keys) => keys.forEach(outbox.saved),
    onLive,
  });
  const outbox = openOutbox({ store, database: () => kept, tabs: { tell() {} }, line, lock: "widget-outbox" });
  let hasEnded = false;
  let isBlocked = false;
  let isStarted = false;

  if (isKnown()) {
    outbox.reload();
    start();
  }
  startWaking(line.wake);

  function isKnown() {
    return kept.get().refresh !== undefined;
  }

  function start() {
    isStarted = true;
    line.start();
  }

  /** Another page of the site has begun the conversation, or changed what waits. */
  function hear() {
    outbox.reload();
    if (!isStarted && isKnown()) start();
  }

  /** @param {string} reason */
  function end(reason) {
    isStarted = false;
    line.stop();
    session.forget();
    isBlocked = reason.includes("disabled"); // then the session is kept, for when the operators undo it
    if (!isBlocked) kept.forget();
    hasEnded = !isBlocked;
    store.update(({ server }) => ({ ...nothing, server, isLoaded: true }));
  }

  /** @param {AbortSignal} signal */
  function onLive(signal) {
    outbox.drain(signal);
    const room = conversation();
    if (room && !isHeldTo(room, room.info.seq)) load().catch(() => {}); // the next connection asks again
  }

  function conversation() {
    return conversationOf(store.get());
  }

  /** Load the newest messages, or those before the ones that are held. @param {number} [before] */
  async function load(before) {
    const room = conversation();
    if (!room) return;
    const where = { limit: PAGE, ...(before === undefined ? {} : { before }) };
    const { messages = [] } = await line.ask("history", { room: room.info.id, ...where });
    const applied = loadInto(store.get(), messages);
    store.update(() => applied.state);
    applied.keys.forEach(outbox.saved);
  }

  /**
   * Make the account and the conversation, at the first message; returns its room. Of two pages the second takes part in
   * what the first has made.
   * @param {About} about
   * @returns {Promise<number>}
   */
  function begin(about) {
    return alone("widget-begin", () => beginAlone(about));
  }

  /** @param {About} about */
  async function beginAlone(about) {
    if (!isKnown()) {
      const asked = { ...about, ...(page === undefined ? {} : { page }) };
      session.adopt(/** @type {Session} */ (await http.call("POST", "/support/visitors", asked)));
      hasEnded = false;
    }
    const room = /** @type {any} */ (await http.call("PUT", "/support"));
    kept.put({ room: room.id });
    const told = /** @type {RoomEvent} */ ({ ...room, type: "room" });
    store.update((state) => applyAll(state, [told], Date.now()).state);
    if (!isStarted) start();
    return room.id;
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    isKnown,
    /** Of the conversation, as soon as it is made. */
    room: () => kept.get().room,
    isKept: kept.isKept,
    /** Whether a conversation was there, and its session is over. */
    hasEnded: () => hasEnded,
    /** Whether the operators let nothing more in from here. */
    isBlocked: () => isBlocked,
    load,
    begin,

    /**
     * Say something; the first time as a new visitor. Resolves once it is kept to be sent.
     * @param {string} text
     * @param {About} about
     * @param {readonly WireFile[]} [files] that were uploaded to the conversation
     */
    async say(text, about, files = []) {
      const room = kept.get().room ?? (await begin(about));
      await outbox.add(room, text, files.length ? { files } : {});
    },
    upload: http.upload,
    download: http.download,
    retry: outbox.retry,
    discard: outbox.discard,

    /** All that is told was seen. */
    async read() {
      const room = conversation();
      if (!room?.info.unread || !line.isLive()) return;
      const asked = { room: room.info.id, seq: room.info.seq };
      const counted = await line.ask("read", asked);
      store.update((state) => answeredRead(state, asked, counted));
    },

    /** @param {number} room @param {"typing" | "none"} what */
    activity(room, what) {
      line.ask("activity", { room, what }).catch(() => {});
    },

    /** Whether an operator is online, and how they greet; no greeting: as the widget does. From then on files may be chosen. */
    async desk() {
      const told = /** @type {SupportDesk} */ (await http.call("GET", "/support/desk"));
      const { online = false, greeting = "", file_bytes = 0 } = told;
      store.update(({ server, ...state }) => ({ ...state, server: { ...server, limits: { ...server.limits, file_bytes } } }));
      return { online, greeting };
    },

    draft: () => kept.get().draft ?? "",
    /** @param {string} draft */
    keepDraft: (draft) => kept.put({ draft }),
  };
}

/** @param {import("../model/types").State} state */
export function conversationOf(state) {
  for (const room of state.rooms.values()) if (room.info.kind === "support") return room;
  return undefined;
}

/** The seq of the first message of those that are held without a hole up to the end. @param {Room} room */
export function firstHeld(room) {
  const last = room.held.at(-1);
  return last && last[1] === room.info.seq ? last[0] : room.info.seq + 1;
}

/** @param {Room} room @param {number} seq */
function isHeldTo(room, seq) {
  return seq === 0 || firstHeld(room) <= Math.max(1, seq - PAGE + 1);
}
