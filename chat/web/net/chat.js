// What the views act through: puts together the session, the line, the outbox and what is kept.

import { keepRooms, restored } from "../storage/room_cache.js";
import { openDatabase } from "../storage/database.js";
import { applyAll, load as loadInto } from "../model/apply.js";
import { openStore } from "../model/store.js";
import { openAccount } from "./account.js";
import { startForgetting } from "./activity.js";
import { chatError, isChatError } from "./errors.js";
import { openHttp } from "./http.js";
import { openLine } from "./connection.js";
import { openNotifying } from "./notifications.js";
import { openOutbox } from "./outbox.js";
import { startReloading } from "./page_version.js";
import { openReading } from "./read_marks.js";
import { openSession } from "./session.js";
import { openTabs } from "./tabs.js";
import { startStatus, startWaking } from "./wake.js";
import { openWatching } from "./presence.js";

/** @import { Chat, Draft } from "../model/types" */
/** @import { Me, Person, RoomEvent } from "../protocol" */

/** Milliseconds that the first look waits to know whether there is a session. */
const KNOWN_IN = 2_000;

/** Pages that are asked for again because an edit came in between. */
const MOST_TRIES = 5;

/**
 * Open the chat of whoever uses this browser. Resolves once there is something to show: what is kept, or the knowledge
 * that nobody is logged in.
 * @returns {Promise<Chat>}
 */
export async function openChat() {
  const store = openStore();
  const session = openSession({ onMe: (me) => account.become(me), onEnded: (reason) => account.end(endedBy(reason)) });
  const http = openHttp(session);
  const line = openLine({
    store,
    session,
    onNews(news, keys) {
      keys.forEach(outbox.saved);
      if (store.get().unclaimed.length > 0) outbox.reload();
      notifying.hear(news);
    },
    onLive,
  });
  const tabs = openTabs(hear);
  const watching = openWatching(store, line);
  const notifying = openNotifying(store);
  const reading = openReading(store, line);
  const tellStatus = startStatus((state) => line.ask("status", { state }).catch(() => {}));
  const outbox = openOutbox({ store, database: () => database, tabs, line });
  const account = openAccount({
    store,
    session,
    line,
    tabs,
    database: () => database,
    keepNothing,
    onForgotten: () => cache.forget(),
  });

  let database = await openDatabase({ isShared: account.isShared(), onLost });
  const cache = keepRooms(store, database);
  const kept = await database.read();
  if (kept) store.update(() => restored(kept));
  if (!database.isKept()) onLost();
  cache.start();

  function onLost() {
    store.update((state) => ({ ...state, isKept: false }));
  }

  /** @param {boolean} isShared */
  async function keepNothing(isShared) {
    const [waiting, drafts] = [await database.outbox.all(), await database.drafts.all()];
    const before = database;
    if (isShared) await before.wipe();
    database = await openDatabase({ isShared, onLost });
    cache.use(database);
    before.close();
    store.update((state) => ({ ...state, isKept: database.isKept() }));
    const { me } = store.get();
    if (!me) return;
    await database.belongsTo(me.id);
    for (const row of waiting) await database.outbox.put(row);
    for (const [room, draft] of drafts) await database.drafts.put(room, draft);
  }

  /** Whoever has seen nothing yet was not logged in. @param {string} reason */
  function endedBy(reason) {
    if (store.get().me === null) return "logged_out";
    return reason.includes("disabled") ? "disabled" : "session_ended";
  }

  /** @param {AbortSignal} signal */
  function onLive(signal) {
    outbox.drain(signal);
    watching.again();
    readBlocks();
    reading.tellRest();
    tellStatus();
  }

  /** @param {import("./tabs.js").Told} told */
  function hear(told) {
    switch (told.type) {
      case "outbox":
        return outbox.reload();
      case "acknowledged":
        return outbox.acknowledgedElsewhere(told);
      case "shared":
        return void account.share(told.shared);
      case "logged_out":
        return account.end("logged_out");
      case "logged_in":
        // This tab shows the door, or somebody else's rooms.
        if (store.get().line.state === "ended" || store.get().me?.id !== told.me) location.reload();
    }
  }

  async function readBlocks() {
    try {
      /** @type {Set<number>} */
      const blocked = new Set();
      let after = "";
      do {
        const { people = [], next } = await http.call("GET", `/me/blocks?limit=100${after}`);
        for (const { id } of /** @type {Person[]} */ (people)) blocked.add(id);
        after = next === undefined ? "" : `&after=${next}`;
      } while (after);
      store.update((state) => ({ ...state, blocked }));
    } catch (error) {
      if (!isChatError(error)) throw error; // the next connection asks again
    }
  }

  /**
   * What a call has changed, where the page need not wait to be told.
   * @param {string} method
   * @param {string} path
   * @param {any} answer
   */
  function learn(method, path, answer) {
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
      const told = /** @type {RoomEvent} */ ({ ...answer, type: "room" });
      store.update((state) => applyAll(state, [told], Date.now()).state);
    }
  }

  startForgetting(store);
  startReloading(store);
  startWaking(line.wake);

  const resumed = account.resume();
  if (account.isShared()) account.holdShared();
  if (!kept?.me) await Promise.race([resumed, new Promise((resolve) => setTimeout(resolve, KNOWN_IN))]);

  return {
    get: store.get,
    subscribe: store.subscribe,

    async call(method, path, body) {
      const replaces = method === "POST" && path === "/me/password";
      const answer = replaces ? await session.replace(path, body) : await http.call(method, path, body);
      learn(method, path, answer);
      return /** @type {any} */ (answer);
    },
    upload: http.upload,
    download: http.download,

    logIn: (login, password, options) => account.begin("/auth/login", { login, password }, options),
    register: (fields) => account.begin("/auth/register", fields),
    setUp: (fields) => account.begin("/setup", fields),
    resetPassword: (fields) => account.begin("/auth/reset", fields),
    logOut: () => account.leave(),
    isShared: account.isShared,
    async setShared(shared) {
      await account.share(shared);
      tabs.tell({ type: "shared", shared });
    },

    send: (room, text, options) => outbox.add(room, text, options),
    retry: (key) => outbox.retry(key),
    discard: (key) => outbox.discard(key),
    edit: (room, seq, text) => line.ask("edit", { room, seq, text }),
    delete: (room, seq) => line.ask("delete", { room, seq }),
    react: (room, seq, emoji, on) => line.ask("react", { room, seq, emoji, on }),

    read: reading.read,

    async load(room, where) {
      for (let tries = 0; ; tries++) {
        await line.live();
        try {
          const page = await line.ask("history", { room, ...where });
          const known = store.get().rooms.get(room);
          // An edit that came meanwhile may be in no message of this page.
          if (known && page.pos < known.changedPos && tries < MOST_TRIES) continue;
          const applied = loadInto(store.get(), page.messages ?? []);
          store.update(() => applied.state);
          applied.keys.forEach(outbox.saved);
          return { first: Boolean(page.first), last: Boolean(page.last) };
        } catch (error) {
          if (!isChatError(error) || error.code !== "offline") throw error;
          if (store.get().line.state === "ended") throw chatError("unauthenticated", "the session is over");
        }
      }
    },

    activity(room, what) {
      line.ask("activity", { room, what }).catch(() => {});
    },
    watch: watching.watch,
    answerNotify: notifying.answer,

    draft: (room) => database.drafts.get(room),
    keepDraft: (room, draft) => void database.drafts.put(room, draft),
  };
}

/** @param {any} answer */
function isRoom(answer) {
  return typeof answer === "object" && answer !== null && "kind" in answer && "pos" in answer && "read" in answer;
}

/** Operators look at conversations that are no rooms of theirs. @param {any} room @param {string} path */
function isOwn(room, path) {
  return room.kind !== "support" || path === "/support";
}
