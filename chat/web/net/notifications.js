// Notifications: told by one tab while no tab is looked at, closed when the room is read, here or elsewhere.

import { asksAttention } from "../model/attention.js";
import { alone } from "./tabs.js";

/** @import { Message } from "../model/types" */
/** @import { News } from "../model/apply.js" */
/** @import { Store } from "../model/store.js" */

/** Of whoever was asked once, or said "not now". */
const ASKED = "chat-asked-to-notify";
const LOOKED_AT = "chat-looked-at";
const MOST_TEXT = 200;

/** @param {Store} store */
export function openNotifying(store) {
  let isTeller = !navigator.locks;
  /** @type {Set<number>} */
  let told = new Set(); // rooms with a notification

  // Held until the tab is gone: of all tabs one tells.
  alone("notify", async () => {
    isTeller = true;
    await findTold();
    return new Promise(() => {});
  });
  holdWhileLookedAt();
  store.subscribe(closeRead);

  async function findTold() {
    for (const { data } of await notifications()) if (data?.room) told.add(data.room);
    closeRead();
  }

  function closeRead() {
    if (!isTeller || told.size === 0 || !store.get().isLoaded) return;
    for (const room of told) {
      if (store.get().rooms.get(room)?.info.unread) continue;
      told = new Set([...told].filter((each) => each !== room));
      close(room);
    }
  }

  /** @param {News[]} news @returns {Map<number, Message[]>} the messages that ask for attention, by room */
  function asking(news) {
    const { rooms, me, blocked } = store.get();
    /** @type {Map<number, Message[]>} */
    const found = new Map();
    for (const { frame, room, isNew } of news) {
      const info = rooms.get(room)?.info;
      // A conversation that somebody begins is told with its first message.
      const isBegun = isNew && store.get().line.state === "live";
      const message = /** @type {Message | undefined} */ (isBegun ? info?.last : frame.type === "message" ? frame : undefined);
      if (!info || !me || !message || message.seq <= info.read) continue;
      if (asksAttention(info, message, me.id, blocked)) found.set(room, [...(found.get(room) ?? []), message]);
    }
    return found;
  }

  return {
    /** Something is new. @param {News[]} news */
    async hear(news) {
      const found = asking(news);
      if (found.size === 0) return;
      if (isUnasked()) store.update((state) => ({ ...state, asksToNotify: true }));
      if (!isTeller || permission() !== "granted" || (await isLookedAt())) return;
      for (const [room, messages] of found) {
        told.add(room);
        await show(room, messages);
      }
      closeRead(); // it may have been read meanwhile
    },

    /** The person's answer to the offer; the browser asks itself then. @param {boolean} isWanted */
    async answer(isWanted) {
      remember();
      store.update((state) => ({ ...state, asksToNotify: false }));
      if (isWanted) await Notification.requestPermission();
    },
  };

  /**
   * @param {number} room
   * @param {Message[]} messages
   */
  async function show(room, messages) {
    const info = store.get().rooms.get(room)?.info;
    const last = /** @type {Message} */ (messages.at(-1));
    const more = messages.length > 1 ? `\n+${messages.length - 1}` : "";
    const options = {
      body: (last.text ?? "").slice(0, MOST_TEXT) + more,
      tag: `room-${room}`,
      data: { room, path: `/room/${room}/${last.seq}` },
      icon: new URL("../icons/chat-192.png", import.meta.url).href,
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

function isUnasked() {
  try {
    return permission() === "default" && localStorage.getItem(ASKED) === null;
  } catch {
    return false; // or it would be asked again and again
  }
}

function remember() {
  try {
    localStorage.setItem(ASKED, "1");
  } catch {
    // Where nothing is kept, nobody is asked.
  }
}

/** Hold a lock while this tab has the focus, so that whoever tells knows. */
function holdWhileLookedAt() {
  /** @type {(() => void) | null} */
  let release = null;
  const look = () => {
    const isLooked = !document.hidden && document.hasFocus();
    if (isLooked && !release) {
      const until = new Promise((resolve) => {
        release = () => resolve(undefined);
      });
      navigator.locks?.request(LOOKED_AT, { mode: "shared" }, () => until);
    } else if (!isLooked && release) {
      release();
      release = null;
    }
  };
  for (const event of ["focus", "blur"]) addEventListener(event, look);
  document.addEventListener("visibilitychange", look);
  look();
}

async function isLookedAt() {
  if (!navigator.locks) return !document.hidden && document.hasFocus();
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === LOOKED_AT);
}
