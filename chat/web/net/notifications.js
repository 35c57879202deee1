// Notifications: one tab shows them while no tab has the focus, and closes them when the room is read here or elsewhere.

import { isReplyToNotify, isWorthNotifying } from "../model/attention.js";
import { withLock } from "./tabs.js";

/** @import { Message } from "../model/types" */
/** @import { RoomUpdate } from "../model/apply.js" */
/** @import { Store } from "../model/store.js" */

/** Set once this person has answered the offer. */
const OFFER_ANSWERED = "chat-asked-to-notify";
const FOCUS_LOCK = "chat-looked-at";
const MOST_TEXT = 200;

/** @typedef {ReturnType<typeof openNotifications>} Notifications */

/**
 * @param {Store} store
 * @param {import("./push.js").Call} call
 */
export function openNotifications(store, call) {
  let isNotifier = !navigator.locks;
  /** @type {Set<number>} */
  let notified = new Set(); // rooms with an open notification
  let isPushRenewed = false;

  // The lock is held until the tab is closed, so one of all tabs notifies.
  withLock("notify", async () => {
    isNotifier = true;
    await findNotified();
    return new Promise(() => {});
  });
  holdLockWhileFocused();
  store.subscribe(closeRead);

  async function findNotified() {
    for (const { data } of await notifications()) if (data?.room) notified.add(data.room);
    closeRead();
  }

  function closeRead() {
    if (!isNotifier || notified.size === 0 || !store.get().isLoaded) return;
    for (const room of notified) {
      if (store.get().rooms.get(room)?.info.unread) continue;
      notified = new Set([...notified].filter((each) => each !== room));
      close(room);
    }
  }

  /** @param {RoomUpdate[]} updates @returns {{ found: Map<number, Message[]>, replies: Message[] }} the messages that deserve a notification, by room, and replies that do where their thread is followed */
  function worthNotifying(updates) {
    const { rooms, me, blocked } = store.get();
    /** @type {Map<number, Message[]>} */
    const found = new Map();
    /** @type {Message[]} */
    const replies = [];
    for (const { frame, room, isNew } of updates) {
      const info = rooms.get(room)?.info;
      // A new conversation arrives with its first message.
      const isBegun = isNew && store.get().connection.state === "live";
      const message = /** @type {Message | undefined} */ (isBegun && info?.last?.at === info?.at ? info?.last : frame.type === "message" ? frame : undefined);
      if (!info || !me || !message || message.seq <= info.read) continue;
      if (isWorthNotifying(info, message, me.id, blocked)) found.set(room, [...(found.get(room) ?? []), message]);
      else if (isReplyToNotify(info, message, me.id, blocked)) replies.push(message);
    }
    return { found, replies };
  }

  /** @param {Message[]} messages */
  async function mayNotify(messages) {
    if (!store.get().server.features.includes("quiet_hours")) return messages;
    return (await import("./quiet_hours.js")).thoseThatMayNotify(call, messages);
  }

  /** @param {Message[]} replies */
  async function followed(replies) {
    return (await import("./followed_threads.js")).thoseFollowed(call, replies);
  }

  /** Once for each page: subscribe to push, or send the subscription again. */
  async function renewPush() {
    if (isPushRenewed || permission() !== "granted" || !store.get().server.features.includes("push")) return;
    isPushRenewed = true;
    try {
      await (await import("./push.js")).renew(call);
    } catch {
      isPushRenewed = false; // the next connection tries again
    }
  }

  return {
    /** @param {RoomUpdate[]} updates */
    async handle(updates) {
      const { found, replies } = worthNotifying(updates);
      if (found.size === 0 && replies.length === 0) return;
      if (found.size > 0 && canOffer()) store.update((state) => ({ ...state, offersNotifications: true }));
      if (!isNotifier || permission() !== "granted" || (await isAnyTabFocused())) return;
      for (const reply of replies.length ? await followed(replies) : []) found.set(reply.room, [...(found.get(reply.room) ?? []), reply]);
      for (const [room, messages] of found) {
        const shown = await mayNotify(messages);
        if (shown.length === 0) continue;
        notified.add(room);
        await show(room, shown);
      }
      closeRead(); // a room may have been read meanwhile
    },

    /** Record the answer to the offer; if it is yes, the browser asks for permission. @param {boolean} isWanted */
    async answer(isWanted) {
      rememberAnswer();
      store.update((state) => ({ ...state, offersNotifications: false }));
      if (!isWanted) return;
      await Notification.requestPermission();
      isPushRenewed = false;
      await renewPush();
    },

    renewPush,
  };

  /**
   * @param {number} room
   * @param {Message[]} messages
   */
  async function show(room, messages) {
    const info = store.get().rooms.get(room)?.info;
    const last = /** @type {Message} */ (messages.at(-1));
    const picture = store.get().people.get(last.sender.id)?.picture;
    const more = messages.length > 1 ? `\n+${messages.length - 1}` : "";
    const options = {
      body: (last.text ?? "").slice(0, MOST_TEXT) + more,
      tag: `room-${room}`,
      data: { room, path: `/room/${room}/${last.seq}` },
      icon: picture ? `/api/v1/pictures/${picture}` : new URL("../icons/chat-192.png", import.meta.url).href,
    };
    const title = info?.kind === "room" || info?.kind === "lobby" ? `${last.sender.name} · ${info.name}` : last.sender.name;
    await (await worker())?.showNotification(title, options);
  }

  /** @param {number} room */
  async function close(room) {
    for (const each of await notifications(`room-${room}`)) each.close();
  }
}

function permission() {
  return "Notification" in globalThis && navigator.serviceWorker ? Notification.permission : "denied";
}

async function worker() {
  const worker = await navigator.serviceWorker?.getRegistration();
  return worker?.active ? worker : undefined;
}

/** @param {string} [tag] */
async function notifications(tag) {
  return (await (await worker())?.getNotifications(tag === undefined ? {} : { tag })) ?? [];
}

function canOffer() {
  try {
    return permission() === "default" && localStorage.getItem(OFFER_ANSWERED) === null;
  } catch {
    return false; // without storage the offer would come again and again
  }
}

function rememberAnswer() {
  try {
    localStorage.setItem(OFFER_ANSWERED, "1");
  } catch {
    // Without storage nothing is offered.
  }
}

/** Hold a lock while this tab has the focus, so that the notifying tab knows. */
function holdLockWhileFocused() {
  /** @type {(() => void) | null} */
  let release = null;
  const check = () => {
    const isFocused = !document.hidden && document.hasFocus();
    if (isFocused && !release) {
      const until = new Promise((resolve) => {
        release = () => resolve(undefined);
      });
      navigator.locks?.request(FOCUS_LOCK, { mode: "shared" }, () => until);
    } else if (!isFocused && release) {
      release();
      release = null;
    }
  };
  for (const event of ["focus", "blur"]) addEventListener(event, check);
  document.addEventListener("visibilitychange", check);
  check();
}

async function isAnyTabFocused() {
  if (!navigator.locks) return !document.hidden && document.hasFocus();
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === FOCUS_LOCK);
}
