// Puts the session, the connection, the outbox and the storage together into the interface that views call.

import { openRoomCache, restoredState } from "../storage/room_cache.js";
import { openDatabase } from "../storage/database.js";
import { addHistory, applyAll, setRoomFeature } from "../model/apply.js";
import { openStore } from "../model/store.js";
import { openAccount } from "./account.js";
import { chatError, isChatError, offline } from "./errors.js";
import { openHttp } from "./http.js";
import { openConnection } from "./connection.js";
import { openOutbox } from "./outbox.js";
import { startReloading } from "./page_version.js";
import { openReadMarks } from "./read_marks.js";
import { openSession } from "./session.js";
import { openTabs } from "./tabs.js";
import { startAwayStatus, startWaking } from "./wake.js";
import { openPresence } from "./presence.js";

/** @import { Chat, Draft } from "../model/types" */
/** @import { FeatureChanges } from "../model/model" */
/** @import { Me, Person, RoomEvent } from "../protocol" */

/** Milliseconds that the page waits at first to learn whether there is a session. */
const SESSION_CHECK_TIMEOUT = 2_000;

/** How often a page of history is requested again because an edit arrived meanwhile. */
const MAX_RELOADS = 5;

/**
 * Open the chat. Resolves once there is something to show: the stored rooms, or that nobody is logged in.
 * @param {() => Promise<readonly FeatureChanges[]>} loadFeatures called once somebody is logged in
 * @returns {Promise<Chat>}
 */
export async function openChat(loadFeatures) {
  const store = openStore();
  const session = openSession({ onMe: (me) => account.adoptPerson(me), onEnded: (isDisabled) => account.end(endedBy(isDisabled)) });
  const http = openHttp(session);
  const connection = openConnection({
    store,
    session,
    onUpdates(updates, keys) {
      keys.forEach(outbox.confirm);
      if (store.get().unmatchedOwn.length > 0) outbox.reload();
      notifications?.handle(updates);
      leftOut?.handle(updates);
    },
    onLive,
    restored: () => restored,
    loadFeatures: loadTheRest,
  });
  const tabs = openTabs(receive);
  const presence = openPresence(store, connection);
  /** @type {import("./notifications.js").Notifications | undefined} */
  let notifications;
  /** @type {import("./left_out.js").LeftOut | undefined} */
  let leftOut;
  /** @type {import("./restored.js").Restored | undefined} */
  let restored;
  const readMarks = openReadMarks(store, connection);
  const sendStatus = startAwayStatus((state) => connection.request("status", { state }).catch(() => {}));
  const outbox = openOutbox({ store, database: () => database, tabs, connection });
  const account = openAccount({
    store,
    session,
    connection,
    tabs,
    database: () => database,
    switchStorage,
    onWiped: () => cache.forget(),
  });

  let database = await openDatabase({ isShared: account.isShared(), onLost });
  const cache = openRoomCache(store, database);
  const stored = await database.read();
  if (stored) store.update(() => restoredState(stored));
  if (!database.isPersistent()) onLost();
  cache.start();

  function onLost() {
    store.update((state) => ({ ...state, isPersistent: false }));
  }

  /** Load what the log-in page does not need. */
  async function loadTheRest() {
    const loading = Promise.all([loadFeatures(), import("./notifications.js"), import("./restored.js"), import("./left_out.js"), import("./activity.js")]);
    const [features, { openNotifications }, { openRestored }, { openLeftOut }, { startActivityExpiry }] = await loading.catch(() => Promise.reject(offline()));
    notifications ??= openNotifications(store, http.call);
    leftOut ??= openLeftOut(store, http.call, connection.request);
    if (!restored) {
      restored = openRestored({ store, database: () => database, tabs, outbox });
      startActivityExpiry(store);
      await restored.load();
    }
    return features;
  }

  /** @param {boolean} isShared */
  async function switchStorage(isShared) {
    const [pending, drafts, lost] = [await database.outbox.all(), await database.drafts.all(), await database.keep("lost")];
    const before = database;
    if (isShared) await before.wipe();
    database = await openDatabase({ isShared, onLost });
    cache.use(database);
    before.close();
    store.update((state) => ({ ...state, isPersistent: database.isPersistent() }));
    const { me } = store.get();
    if (!me) return;
    await database.switchAccount(me.id);
    for (const row of pending) await database.outbox.put(row);
    for (const [room, draft] of drafts) await database.drafts.put(room, draft);
    await database.keep("lost", () => lost);
  }

  /** @param {boolean} isDisabled whether the account is disabled */
  function endedBy(isDisabled) {
    if (store.get().me === null) return "logged_out"; // nothing was shown yet, so nobody was logged in
    return isDisabled ? "disabled" : "session_ended";
  }

  /** @param {AbortSignal} signal */
  function onLive(signal) {
    outbox.drain(signal);
    presence.restart();
    readBlocks();
    readMarks.sendUnsent();
    sendStatus();
    void notifications?.renewPush();
    void leftOut?.count();
  }

  /** @param {import("./tabs.js").TabMessage} message */
  function receive(message) {
    switch (message.type) {
      case "outbox":
        return outbox.reload();
      case "acknowledged":
        return outbox.acknowledgedElsewhere(message);
      case "lost":
        return void restored?.load();
      case "shared":
        return void account.setShared(message.shared);
      case "logged_out":
        return account.end("logged_out");
      case "logged_in":
        // This tab shows the log-in page or another person's rooms.
        if (store.get().connection.state === "ended" || store.get().me?.id !== message.me) location.reload();
    }
  }

  async function readBlocks() {
    const before = store.get().blocked;
    try {
      /** @type {Set<number>} */
      const blocked = new Set();
      let after = "";
      do {
        const { people = [], next } = await http.call("GET", `/me/blocks?limit=100${after}`);
        for (const { id } of /** @type {Person[]} */ (people)) blocked.add(id);
        after = next === undefined ? "" : `&after=${next}`;
      } while (after);
      // A change since the first page is newer than these.
      if (store.get().blocked === before) store.update((state) => ({ ...state, blocked }));
    } catch (error) {
      if (!isChatError(error)) throw error; // the next connection requests it again
    }
  }

  /**
   * Apply what a call has changed, without waiting for its event.
   * @param {string} method
   * @param {string} path
   * @param {any} answer
   */
  function applyCall(method, path, answer) {
    const block = /^\/me\/blocks\/(\d+)$/.exec(path);
    if (block) {
      const blocked = new Set(store.get().blocked);
      if (method === "PUT") blocked.add(Number(block[1]));
      else blocked.delete(Number(block[1]));
      store.update((state) => ({ ...state, blocked }));
    } else if (method === "PATCH" && path === "/me") {
      store.update((state) => ({ ...state, me: /** @type {Me} */ (answer) }));
    } else if (method === "PATCH" && path === "/admin/settings") {
      const { value: name } = answer.server_name;
      store.update((state) => ({ ...state, server: { ...state.server, name } }));
    } else if (method !== "GET" && isRoom(answer) && isOwn(answer, path)) {
      const event = /** @type {RoomEvent} */ ({ ...answer, type: "room" });
      store.update((state) => applyAll(state, [event], Date.now()).state);
    }
  }

  startReloading(store);
  startWaking(connection.wake);

  const resumed = account.resume();
  if (account.isShared()) account.holdSharedLock();
  if (!stored?.me) await Promise.race([resumed, new Promise((resolve) => setTimeout(resolve, SESSION_CHECK_TIMEOUT))]);

  return {
    get: store.get,
    subscribe: store.subscribe,

    async call(method, path, body) {
      const replaces = method === "POST" && path === "/me/password";
      const answer = replaces ? await session.replace(path, body) : await http.call(method, path, body);
      applyCall(method, path, answer);
      return /** @type {any} */ (answer);
    },
    request: connection.request,
    setRoomFeature(room, feature, known) {
      store.update((state) => setRoomFeature(state, room, feature, known));
    },
    setOwn(feature, known) {
      store.update((state) => ({ ...state, own: { ...state.own, [feature]: known } }));
    },
    keepPeople(people) {
      const events = people.map((person) => ({ ...person, type: "person" }));
      store.update((state) => applyAll(state, events, Date.now()).state);
    },
    upload: http.upload,
    download: http.download,

    logIn: (login, password, { code, ...options } = {}) => account.begin("/auth/login", { login, password, code }, options),
    register: (fields) => account.begin("/auth/register", fields),
    setUp: (fields) => account.begin("/setup", fields),
    resetPassword: (fields) => account.begin(fields.code.startsWith("m-") ? "/auth/recover" : "/auth/reset", fields),
    reconnect: () => void connection.start(),
    logInByProvider: (answer, options) => account.begin("/auth/oidc", answer, options),
    logInByLink: (fields, options) => account.begin("/auth/link/login", fields, options),
    logInByPasskey: (used, options) => account.begin("/auth/passkey", used, options),
    async logOut() {
      const asks = store.get().server.features.includes("oidc");
      const page = asks ? await http.call("GET", "/auth/oidc/logout").catch(() => null) : null;
      await account.logOut();
      if (page?.url) location.assign(page.url);
    },
    isShared: account.isShared,
    async setShared(shared) {
      await account.setShared(shared);
      tabs.send({ type: "shared", shared });
    },

    send: (room, text, options) => outbox.add(room, text, options),
    retry: (key) => outbox.retry(key),
    discard: (key) => outbox.discard(key),
    sendAgain: async (room, from, messages) => restored?.sendAgain(room, from, messages),
    dismissLost: async () => restored?.dismiss(),
    edit: (room, seq, text) => connection.request("edit", { room, seq, text }),
    delete: (room, seq) => connection.request("delete", { room, seq }),

    markRead: readMarks.markRead,
    markUnread: readMarks.markUnread,

    keepMessages({ pos, messages = [] }) {
      const known = store.get().rooms.get(messages[0]?.room ?? 0);
      if (known && pos < known.changedPos) return false;
      const applied = addHistory(store.get(), messages);
      store.update(() => applied.state);
      applied.keys.forEach(outbox.confirm);
      return true;
    },

    async loadMessages(room, where) {
      for (let tries = 0; ; tries++) {
        await connection.live();
        try {
          const page = await connection.request("history", { room, ...where });
          const known = store.get().rooms.get(room);
          // An edit that arrived meanwhile may be missing from this page.
          if (known && page.pos < known.changedPos && tries < MAX_RELOADS) continue;
          const applied = addHistory(store.get(), page.messages ?? []);
          store.update(() => applied.state);
          applied.keys.forEach(outbox.confirm);
          return { first: Boolean(page.first), last: Boolean(page.last) };
        } catch (error) {
          if (!isChatError(error) || error.code !== "offline") throw error;
          if (store.get().connection.state === "ended") throw chatError("unauthenticated", "the session is over");
        }
      }
    },

    enterConversations: async (infos) => leftOut?.enter(infos),

    activity(room, what) {
      connection.request("activity", { room, what }).catch(() => {});
    },
    watch: presence.watch,
    answerNotificationOffer: async (isWanted) => notifications?.answer(isWanted),

    readDraft: (room) => database.drafts.get(room),
    saveDraft: (room, draft) => void database.drafts.put(room, draft),
  };
}

/** @param {any} answer */
function isRoom(answer) {
  return typeof answer === "object" && answer !== null && "kind" in answer && "pos" in answer && "read" in answer;
}

/** Whether the room is one of this person's: operators also read conversations that are not. @param {any} room @param {string} path */
function isOwn(room, path) {
  return room.kind !== "support" || path === "/support";
}
