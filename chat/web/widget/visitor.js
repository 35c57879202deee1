// The actions of the widget's panel: a visitor's session, their one conversation, and their pending messages.

import { changes as reactions } from "../features/reactions/changes.js";
import { addHistory, applyAll, applyReadAnswer } from "../model/apply.js";
import { openStore } from "../model/store.js";
import { openHttp } from "../net/http.js";
import { openConnection } from "../net/connection.js";
import { openOutbox } from "../net/outbox.js";
import { openRestored } from "../net/restored.js";
import { openSession } from "../net/session.js";
import { withLock } from "../net/tabs.js";
import { startWaking } from "../net/wake.js";
import { openVisitorStorage } from "./visitor_storage.js";

/** @import { Room, WireFile } from "../model/types" */
/** @import { RoomEvent, Session, SupportDesk } from "../protocol" */

/** @typedef {ReturnType<typeof openVisitor>} Visitor */
/** @typedef {{ name?: string, email?: string }} About */

/** Messages of one page. */
const PAGE = 50;

/** @param {string | undefined} page that the visitor writes from @param {string | undefined} team whose conversation it is to be */
export function openVisitor(page, team) {
  const store = openStore();
  const empty = store.get();
  const storage = openVisitorStorage(reload);
  const session = openSession({
    onMe: (me) => store.update((state) => ({ ...state, me })),
    onEnded: end,
    tokenStore: storage.session,
  });
  const http = openHttp(session);
  const connection = openConnection({
    store,
    session,
    onUpdates: (_news, keys) => keys.forEach(outbox.confirm),
    onLive,
    restored: () => restored,
    loadFeatures: async () => [reactions],
  });
  const tabs = { send() {} };
  const outbox = openOutbox({ store, database: () => storage, tabs, connection, lock: "widget-outbox" });
  const restored = openRestored({ store, database: () => storage, tabs, outbox });
  const from = page === undefined ? {} : { page };
  let hasEnded = false;
  let isBlocked = false;
  let isStarted = false;
  let identity = storage.get().identity;
  /** @type {string | null | undefined} the site's token that is to be used */
  let given;

  if (hasToken()) reload();
  startWaking(connection.wake);

  function hasToken() {
    return storage.get().refresh !== undefined;
  }

  function start() {
    isStarted = true;
    connection.start();
  }

  /** Another page of the site has begun the conversation or changed the outbox. */
  function reload() {
    if (identity !== storage.get().identity) {
      identity = storage.get().identity;
      leave();
    }
    outbox.reload();
    restored.load();
    if (!isStarted && hasToken()) start();
  }

  /** @param {boolean} isDisabled whether operators have blocked the visitor */
  function end(isDisabled) {
    isStarted = false;
    connection.stop();
    session.forget();
    isBlocked = isDisabled; // the session is stored on, because operators may unblock the visitor
    if (!isBlocked) {
      storage.clear();
      identity = undefined;
    }
    hasEnded = !isBlocked;
    store.update(({ server }) => ({ ...empty, server, isLoaded: true }));
  }

  /** Show nothing of the session any more. */
  function leave() {
    isStarted = false;
    connection.stop();
    session.forget();
    hasEnded = isBlocked = false;
    store.update(({ server }) => ({ ...empty, server, isLoaded: true }));
  }

  /** @param {AbortSignal} signal */
  function onLive(signal) {
    outbox.drain(signal);
    loadNewest();
  }

  /** Load the newest messages where some are missing: the conversation may come with more than its last one. */
  function loadNewest() {
    const room = conversation();
    if (room && connection.isLive() && !isLoadedTo(room, room.info.seq)) loadMessages().catch(() => {}); // the next connection loads them
  }

  function conversation() {
    return conversationOf(store.get());
  }

  /** Load the newest messages, or those before a seq. @param {number} [before] */
  async function loadMessages(before) {
    const room = conversation();
    if (!room) return;
    const where = { limit: PAGE, ...(before === undefined ? {} : { before }) };
    const { messages = [] } = await connection.request("history", { room: room.info.id, ...where });
    const applied = addHistory(store.get(), messages);
    store.update(() => applied.state);
    applied.keys.forEach(outbox.confirm);
  }

  /**
   * Make the visitor's account and conversation, before the first message. A second page of the site joins the
   * conversation that the first has made.
   * @param {About} about
   * @returns {Promise<number>} the conversation's room
   */
  function begin(about) {
    return withLock("widget-begin", () => beginLocked(about));
  }

  /** @param {About} about */
  async function beginLocked(about) {
    await identifyLocked();
    if (!hasToken()) {
      session.adopt(/** @type {Session} */ (await http.call("POST", "/support/visitors", { ...about, ...from })));
      hasEnded = false;
    }
    return enter();
  }

  /**
   * Be the person of whom the site has signed who they are: their conversation is the same on all their devices.
   * @param {string | null} token null: nobody is logged in at the site, so what one of its people wrote is shown no more
   */
  function identify(token) {
    given = token;
    return withLock("widget-begin", identifyLocked);
  }

  async function identifyLocked() {
    const token = given;
    if (token === undefined) return;
    const claims = token === null ? undefined : claimsOf(token);
    const before = storage.get().identity;
    if (before !== undefined && idOf(before) !== idOf(claims)) {
      leave();
      storage.clear();
      storage.put({ draft: "" }); // it is another person's
      identity = undefined;
    }
    if (claims !== undefined && (claims !== before || !hasToken())) {
      if (hasToken()) await session.access().catch(() => {}); // the conversation that was begun becomes theirs
      const answer = /** @type {Session | undefined} */ (await http.call("POST", "/auth/visitor", { token, ...from }).catch(refused));
      if (answer) await become(answer, claims);
    }
    given = undefined;
  }

  /** @param {Session} answer @param {string} claims */
  async function become(answer, claims) {
    if (answer.me.id !== store.get().me?.id) {
      leave();
      storage.clear();
    }
    identity = claims;
    session.adopt(answer);
    hasEnded = isBlocked = false;
    await enter();
    storage.put({ identity });
  }

  /** The server does not accept the token, so the visitor stays who they are. @param {any} error */
  function refused(error) {
    if (error.code === "offline" || error.status >= 500 || error.code === "too_many") throw error;
    console.warn(`chat: the visitor's token is refused: ${error.message}`); // for those who write the site
    if (error.reason === "account_disabled") end(true);
  }

  /** Make the conversation, or have it shown. @returns {Promise<number>} its room */
  async function enter() {
    const room = /** @type {any} */ (await http.call("PUT", "/support"));
    if (team) await http.call("PUT", "/support/team", { team }).catch(() => {}); // one that is gone, or a server of before
    storage.put({ room: room.id });
    const event = /** @type {RoomEvent} */ ({ ...room, type: "room" });
    store.update((state) => applyAll(state, [event], Date.now()).state);
    if (isStarted) loadNewest();
    else start();
    return room.id;
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    hasToken,
    /** The conversation's room, once it is made. */
    room: () => storage.get().room,
    isPersistent: storage.isPersistent,
    /** Whether there was a conversation whose session has ended. */
    hasEnded: () => hasEnded,
    /** What the site has signed of this visitor. */
    identity: () => identity,
    /** Whether the operators have blocked this visitor. */
    isBlocked: () => isBlocked,
    loadMessages,
    begin,
    identify,

    /**
     * Send a message, the first time as a new visitor. Resolves once it is stored.
     * @param {string} text
     * @param {About} about
     * @param {readonly WireFile[]} [files] that were uploaded to the conversation
     */
    async send(text, about, files = []) {
      const room = storage.get().room ?? (await begin(about));
      await outbox.add(room, text, files.length ? { files } : {});
    },
    /** Send the own messages again that a restore has lost, and show all that it has lost no more. */
    async sendLostAgain() {
      const room = conversation()?.info.id ?? (await begin({}));
      for (const from of store.get().lost?.rooms ?? []) await restored.sendAgain(room, from, from.messages);
      await restored.dismiss();
    },
    dismissLost: restored.dismiss,
    call: http.call,
    upload: http.upload,
    download: http.download,
    retry: outbox.retry,
    discard: outbox.discard,

    /** Mark the conversation as read. */
    async markRead() {
      const room = conversation();
      if (!room?.info.unread || !connection.isLive()) return;
      const request = { room: room.info.id, seq: room.info.seq };
      const counted = await connection.request("read", request);
      store.update((state) => applyReadAnswer(state, request, counted));
    },

    /** @param {number} room @param {"typing" | "none"} what */
    activity(room, what) {
      connection.request("activity", { room, what }).catch(() => {});
    },

    /** Whether an operator is online, when the desk opens if it is closed, and the configured greeting, which may be empty. Enables uploads. */
    async desk() {
      const desk = /** @type {SupportDesk} */ (await http.call("GET", "/support/desk"));
      const { online = false, away, opens, greeting = "", file_bytes = 0 } = desk;
      store.update(({ server, ...state }) => ({ ...state, server: { ...server, limits: { ...server.limits, file_bytes } } }));
      return { isStaffed: online && !away, needsAddress: away === "form", opens, greeting };
    },

    /** Read the profiles of operators, for their pictures. @param {readonly number[]} people */
    async readOperators(people) {
      const found = await connection.request("profiles", { people });
      const events = found.people.map((/** @type {object} */ person) => ({ ...person, type: "person" }));
      store.update((state) => applyAll(state, events, Date.now()).state);
    },

    draft: () => storage.get().draft ?? "",
    /** @param {string} draft */
    saveDraft: (draft) => storage.put({ draft }),
  };
}

/** @param {import("../model/types").State} state */
export function conversationOf(state) {
  for (const room of state.rooms.values()) if (room.info.kind === "support") return room;
  return undefined;
}

/** What a token says of its person, as a text; undefined where it can't be read. @param {string} token */
function claimsOf(token) {
  try {
    const [, body = ""] = token.split(".");
    const bytes = Uint8Array.from(atob(body.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const { id, name, email } = JSON.parse(new TextDecoder().decode(bytes));
    return JSON.stringify([id, name, email]);
  } catch {
    return undefined;
  }
}

/** @param {string | undefined} claims */
function idOf(claims) {
  return claims && JSON.parse(claims)[0];
}

/** The first seq of the range of messages that is loaded up to the end. @param {Room} room */
export function firstLoaded(room) {
  const last = room.loadedRanges.at(-1);
  return last && last[1] === room.info.seq ? last[0] : room.info.seq + 1;
}

/** @param {Room} room @param {number} seq */
function isLoadedTo(room, seq) {
  return seq === 0 || firstLoaded(room) <= Math.max(1, seq - PAGE + 1);
}
