// The panel of a thread: its first message, the replies, and a field to reply. The messages are those of the room; a page
// of the thread brings those that are not loaded, and changes of the room bring new ones.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { roomPath } from "../../model/panel.js";
import { rightsIn } from "../../model/rights.js";
import { continuesGroup } from "../../model/timeline.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useMessageActions } from "../message/message_actions.js";
import { MessageRow } from "../message/message.js";
import { PendingRow } from "../message/pending_row.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { useChat, useSelected } from "../shared/context.js";
import { lazy } from "../shared/lazy.js";
import { useMedia } from "../shared/media.js";
import { roomName } from "../shared/names.js";
import { navigate } from "../shared/router.js";
import { useToday } from "../shared/today.js";
import { actOnKey } from "../timeline/keys.js";
import { DayRow, NewDivider, dayOf } from "../timeline/rows.js";
import { useSenders } from "../timeline/senders.js";
import { focusReply, ThreadComposer } from "./thread_composer.js";
import { useThread } from "./thread_pages.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../features/threads/changes.js").Thread} Thread */

const RoomOfThread = lazy(() => import("./room_of_thread.js"), "RoomOfThread");

/** Nearer to the end than this, in pixels, the list follows new replies; nearer to the start, earlier ones are loaded. */
const NEAR = 80;

/** The panel takes the place of the room (style/panel.css). */
const ALONE = "(width < 60rem)";

/** @param {{ room: number, seq: number }} props `seq`: any message of the thread */
export function ThreadPanel({ room: id, seq }) {
  const room = useSelected((state) => state.rooms.get(id));
  return room && html`<${OpenThread} room=${room} seq=${seq} />`;
}

/** @param {{ room: Room, seq: number }} props */
function OpenThread({ room, seq }) {
  const { info, messages } = room;
  const me = useSelected((state) => state.me);
  const rights = useMemo(() => rightsIn(info, me), [info, me]);
  const thread = useThread(room, seq);
  const isAlone = useMedia(ALONE);
  const [replyTo, setReplyTo] = useState(/** @type {number | null} */ (null));
  const [failure, setFailure] = useState("");
  const goTo = (/** @type {number} */ to) => navigate(roomPath(info.id, isAlone ? null : { show: "thread", seq }, to));
  /** @type {import("../message/message_actions.js").Instead} */
  const instead = (action, message) => {
    if (action.name === "edit" && isAlone) navigate(roomPath(info.id)); // its field is behind the panel
    if (action.name !== "reply") return false;
    setReplyTo(message.seq === thread.root ? null : message.seq);
    focusReply();
    return true;
  };
  const { actions, dialogs } = useMessageActions(room, rights, goTo, setFailure, instead);
  const close = () => closeThread(info.id, thread.root);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const isInDialog = event.target instanceof Element && event.target.closest("dialog");
    if (event.key !== "Escape" || event.defaultPrevented || isInDialog) return;
    event.preventDefault();
    close();
  };
  return html`<div class="thread" onKeyDown=${onKeyDown}>
    <${Head} info=${info} thread=${thread} canMakeRoom=${rights.canSpeak && info.kind !== "support" && messages.get(thread.root)?.deleted === undefined && messages.has(thread.root)} />
    ${thread.error && html`<p class="notice danger" role="alert">${thread.error} <button type="button" class="button small" onClick=${thread.reload}>${t("common.retry")}</button></p>`}
    <${Replies} room=${room} thread=${thread} rights=${rights} actions=${actions} linked=${seq} />
    <${FormError} text=${failure} />
    ${rights.canSpeak && thread.isLoaded && html`<${ThreadComposer} info=${info} root=${thread.root} replyTo=${replyTo} setReplyTo=${setReplyTo} />`}
    ${dialogs}
  </div>`;
}

/** @param {{ info: Room["info"], thread: import("./thread_pages.js").OpenedThread, canMakeRoom: boolean }} props */
function Head({ info, thread, canMakeRoom }) {
  const chat = useChat();
  const [isMaking, make] = useState(false);
  const { act, isBusy } = useAction();
  const { root, isFollowed } = thread;
  const toggle = () =>
    act(async () => {
      await chat.call(isFollowed ? "DELETE" : "PUT", `/rooms/${info.id}/threads/${root}/following`);
      thread.setFollowed(!isFollowed);
      announce(t(isFollowed ? "threads.follow" : "threads.following"));
    });
  return html`<header class="panel-head">
    <div class="thread-title">
      <h2 tabindex="-1">${t("threads.title")}</h2>
      <a class="soft small" href=${roomPath(info.id, null, root)} title=${t("threads.open")} dir="auto">${roomName(info)}</a>
    </div>
    ${
      isFollowed !== undefined &&
      html`<button type="button" class=${isFollowed ? "button small is-on" : "button small"} aria-pressed=${isFollowed} disabled=${isBusy}
        title=${t(isFollowed ? "threads.unfollowWhy" : "threads.followWhy")} onClick=${toggle}>${icon("bell", { size: 16 })} ${t(isFollowed ? "threads.following" : "threads.follow")}</button>`
    }
    ${canMakeRoom && html`<button type="button" class="icon-button" title=${t("threads.room")} onClick=${() => make(true)}>${icon("hash")}</button>`}
    <a class="icon-button" href=${roomPath(info.id)} title=${t("common.close")}>${icon("close")}</a>
    ${isMaking && html`<${RoomOfThread} room=${info.id} seq=${root} onClose=${() => make(false)} />`}
  </header>`;
}

/**
 * @param {{ room: Room, thread: import("./thread_pages.js").OpenedThread, rights: import("../../model/rights.js").Rights,
 *   actions: import("../../features/feature").MessageActions, linked: number }} props `linked`: the message in the address
 */
function Replies({ room, thread, rights, actions, linked }) {
  const { info, messages } = room;
  const { root, seqs } = thread;
  const me = useSelected((state) => state.me);
  const blocked = useSelected((state) => state.blocked);
  const outbox = useSelected((state) => state.outbox.filter((one) => one.room === info.id && one.reply !== undefined));
  const pending = outbox.filter(({ reply }) => reply === root || seqs.includes(reply ?? 0));
  const today = useToday();
  const [focused, setFocused] = useState(/** @type {number | null} */ (null));
  const newAfter = useNewAfter(info, thread.isLoaded);
  const first = messages.get(root);
  const replies = seqs.flatMap((seq) => messages.get(seq) ?? []).filter(({ deleted }) => !deleted);
  const shown = thread.isLoaded ? replies : [];
  const list = useEnd(shown, pending, thread, linked);
  useSenders([...(first ? [first] : []), ...shown].map(({ sender }) => sender.id));
  const focusable = focused ?? shown.at(-1)?.seq ?? root;
  const draw = (/** @type {Message} */ message, /** @type {Message | undefined} */ before) => html`<${MessageRow} key=${`message-${message.seq}`} message=${message} me=${me?.id}
    isFirst=${!before || before.sender.id !== message.sender.id || !continuesGroup(before.at, message.at)} isBlocked=${blocked.has(message.sender.id)}
    isFocusable=${message.seq === focusable} isMarked=${message.seq === linked && linked !== root} isLastOwn=${false} canSpeak=${rights.canSpeak} actions=${actions} thread=${root} />`;
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") actOnKey(event, { messages, actions, setFocused });
  };
  return html`<div class="thread-list" ref=${list.scroller} onScroll=${list.onScroll} onKeyDown=${onKeyDown}>
    ${!thread.isLoaded && !thread.error && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    <ol class="list thread-first" aria-label=${t("threads.title")}>
      ${first ? draw(first, undefined) : thread.isLoaded && html`<li class="thread-note soft">${t("threads.removed")}</li>`}
    </ol>
    ${thread.isLoaded && html`<p class="thread-count">${thread.count > 0 ? tn("threads.replies", thread.count) : t("threads.none")}</p>`}
    ${thread.isLoaded && !thread.isFirst && html`<button type="button" class="button quiet wide" disabled=${thread.isBusy} onClick=${thread.earlier}>${t("threads.earlier")}</button>`}
    <ol class="list thread-replies" aria-label=${t("timeline.messages")}>
      ${shown.map((message, i) => {
        const before = shown[i - 1];
        const isNewDay = dayOf(message.at) !== dayOf((before ?? first ?? message).at);
        const isNew = newAfter !== undefined && message.seq > newAfter && (before?.seq ?? root) <= newAfter;
        return html`
          ${isNewDay && html`<${DayRow} key=${`day-${message.seq}`} at=${message.at} today=${today} />`}
          ${isNew && html`<${NewDivider} key="new" />`}
          ${draw(message, isNewDay || isNew ? undefined : before)}
        `;
      })}
      ${thread.isLast && me && pending.map((one, i) => html`<${PendingRow} key=${`waiting-${one.key}`} pending=${one.reply === root ? withoutReply(one) : one} me=${me} isFirst=${i === 0 && shown.at(-1)?.sender.id !== me.id} goTo=${actions.goTo} />`)}
    </ol>
    ${thread.isLoaded && !thread.isLast && html`<button type="button" class="button quiet wide" disabled=${thread.isBusy} onClick=${thread.later}>${t("threads.later")}</button>`}
  </div>`;
}

/** @param {import("../../model/types").PendingMessage} pending */
function withoutReply({ reply: _reply, ...rest }) {
  return rest;
}

/** The seq after which replies are new: the mark of the room when the thread was opened. @param {Room["info"]} info @param {boolean} isLoaded */
function useNewAfter(info, isLoaded) {
  const kept = useRef(/** @type {number | undefined} */ (undefined));
  const isSet = useRef(false);
  if (!isSet.current) kept.current = info.unread ? info.read : undefined;
  if (isLoaded) isSet.current = true;
  return kept.current;
}

/**
 * Keeps the list at its end, and in its place while earlier replies are added.
 * @param {readonly Message[]} shown
 * @param {readonly unknown[]} pending
 * @param {import("./thread_pages.js").OpenedThread} thread
 * @param {number} linked
 */
function useEnd(shown, pending, thread, linked) {
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const place = useRef({ isAtEnd: true, height: 0, top: 0, first: 0 });
  const first = shown[0]?.seq ?? 0;
  useLayoutEffect(() => {
    const list = scroller.current;
    if (!list || !thread.isLoaded) return;
    const { isAtEnd, height, top, first: before } = place.current;
    if (before === 0 && linked !== thread.root) list.querySelector(`[data-seq="${linked}"]`)?.scrollIntoView({ block: "center" });
    else if (isAtEnd && thread.isLast) list.scrollTop = list.scrollHeight;
    else if (first < before) list.scrollTop = top + list.scrollHeight - height;
    note(list);
    place.current.first = first;
  }, [first, shown.length, pending.length, thread.isLoaded, shown.at(-1)]);
  useEffect(() => {
    const list = scroller.current;
    if (!list) return undefined;
    const observer = new ResizeObserver(() => {
      if (place.current.isAtEnd && thread.isLast) list.scrollTop = list.scrollHeight;
      note(list);
    });
    observer.observe(list);
    return () => observer.disconnect();
  }, [thread.isLast]);

  /** @param {HTMLElement} list */
  function note(list) {
    const { scrollTop: top, scrollHeight: height, clientHeight } = list;
    Object.assign(place.current, { top, height, isAtEnd: height - top - clientHeight < NEAR });
  }
  return {
    scroller,
    onScroll: () => {
      const list = scroller.current;
      if (!list) return;
      note(list);
      if (list.scrollTop < NEAR && thread.isLoaded && !thread.isFirst && !thread.isBusy) thread.earlier();
    },
  };
}

/** Close the panel, and return to the thread's first message. @param {number} room @param {number} root */
function closeThread(room, root) {
  navigate(roomPath(room));
  requestAnimationFrame(() => {
    const found = /** @type {HTMLElement | null} */ (document.querySelector(`.timeline [data-focus="${root}"]`) ?? document.querySelector(".composer textarea"));
    found?.focus({ preventScroll: true });
  });
}
