// Threads: the line with the number of replies below a message, and actions that open its thread in the panel beside the
// room (view/room/thread_panel.js). Replies are ordinary messages of the room; which are of a thread comes with them.

import { html, useEffect } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { rangeOf } from "../../model/ranges.js";
import { icon } from "../../view/controls/icon.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { rangeReader } from "../../view/shared/range_reading.js";
import { navigate } from "../../view/shared/router.js";
import { messageTime } from "../../view/shared/times.js";
import { afterReading, changes, countOf, lastOf } from "./changes.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("./changes.js").Thread} Thread */
/** @typedef {import("./changes.js").Threads} Threads */
/** @typedef {import("../feature").MessageContext} MessageContext */

const RoomOfThread = lazy(() => import("../../view/room/room_of_thread.js"), "RoomOfThread");

/** Read the thread of a message. */
const want = rangeReader("threads", afterReading);

/** Speech bubbles, one behind the other. */
const THREAD = ["M4 4.5h12v8.5H9l-3.5 3v-3H4z", "M19 9h1.5v8H19v3l-3.5-3H11"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const threads = {
  ...changes,
  texts,
  actions: [
    { name: "thread", label: "threads.view", icon: THREAD, key: "t", isAllowed: (on) => isOffered(on) && hasThread(on), act: open },
    {
      name: "replyInThread",
      label: "threads.reply",
      icon: THREAD,
      key: "t",
      isAllowed: (on) => isOffered(on) && !hasThread(on) && on.rights.canSpeak && !on.message.deleted,
      act: open,
    },
    {
      name: "roomOfThread",
      label: "threads.room",
      icon: "hash",
      isAllowed: (on) => isOffered(on) && canMakeRoom(on),
      act: (on) => on.open("roomOfThread"),
    },
  ],
  dialogs: { roomOfThread: (props) => html`<${RoomOfThread} room=${props.message.room} seq=${props.message.seq} onClose=${props.onClose} />` },
  Footer: Replies,
  DeletedFooter: Replies,
};

/** Older servers know no threads. @param {MessageContext} on */
function isOffered({ chat }) {
  return chat.get().server.features.includes("threads");
}

/** @param {MessageContext} on */
function hasThread({ room, message: { seq, root } }) {
  return root !== undefined || countOf(threadsOf(room)?.byRoot.get(seq)) > 0;
}

/** Of a first message with replies. @param {MessageContext} on */
function canMakeRoom({ room, rights, message: { seq, root, deleted } }) {
  return root === undefined && !deleted && rights.canSpeak && room.info.kind !== "support" && countOf(threadsOf(room)?.byRoot.get(seq)) > 0;
}

/** @param {MessageContext} on */
function open({ message: { room, seq, root } }) {
  navigate(roomPath(room, { show: "thread", seq: root ?? seq }));
}

/** @param {Room | undefined} room @returns {Threads | undefined} */
function threadsOf(room) {
  return /** @type {Threads | undefined} */ (room?.features.threads);
}

/** @param {State} state @param {number} room @param {number} seq @returns {Thread | null | undefined} undefined: it is not known yet */
function threadOf({ rooms, server, connection }, room, seq) {
  const threads = threadsOf(rooms.get(room));
  const isKnown = rangeOf(threads?.ranges ?? [], seq) !== undefined;
  const isReadable = connection.state === "live" && server.features.includes("threads");
  return !isKnown && isReadable ? undefined : (threads?.byRoot.get(seq) ?? null);
}

/** The line below a message that has replies. @param {import("../feature").MessagePartProps} props */
function Replies({ message: { room, seq, root, kind }, tab, isInThread = false }) {
  const chat = useChat();
  const isFirst = root === undefined && kind !== "join" && !isInThread;
  const thread = useSelected((state) => (isFirst ? threadOf(state, room, seq) : null));
  useEffect(() => {
    if (thread === undefined) want(chat, room, seq);
  }, [chat, room, seq, thread === undefined]);
  return thread && countOf(thread) > 0 ? html`<${RepliesLink} room=${room} seq=${seq} thread=${thread} tab=${tab} />` : null;
}

/** @param {{ room: number, seq: number, thread: Thread, tab: 0 | -1 }} props */
function RepliesLink({ room, seq, thread, tab }) {
  const last = lastOf(thread);
  const isUnread = useSelected(({ rooms }) => last > (rooms.get(room)?.info.read ?? last));
  const path = roomPath(room, { show: "thread", seq });
  return html`<a class=${isUnread ? "thread-link is-unread" : "thread-link"} href=${path} tabindex=${tab}>
    ${icon(THREAD, { size: 16 })}<b>${tn("threads.replies", countOf(thread))}</b>
    ${isUnread && html`<span class="thread-dot" title=${t("threads.unread")}><span class="visually-hidden">${t("threads.unread")}</span></span>`}
    <span class="soft">${t("threads.last", { time: messageTime(thread.lastAt) })}</span>
  </a>`;
}
