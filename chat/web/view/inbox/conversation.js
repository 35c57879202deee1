// One conversation of the inbox: its person, its assignee, its messages and the actions on it.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { hasNotes } from "../../features/support/notes.js";
import { NoteComposer } from "../../features/support/note_composer.js";
import { conversations, isOpen, queue, visitor } from "../../model/support_queue.js";
import { announce } from "../shared/announce.js";
import { Composer } from "../composer/composer.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { useRoute } from "../shared/router.js";
import { Timeline } from "../timeline/timeline.js";
import { changeConversation } from "./change_conversation.js";
import { focusComposer } from "../shared/composer_target.js";
import { ConversationHead } from "./head.js";
import { focusConversations } from "./list.js";
import { NoticeLine } from "./notice.js";
import { ClosedHistory } from "./closed_history.js";
import { useOthers, useViewing } from "./viewing.js";
import { useNow } from "./waiting_time.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("./change_conversation.js").Notice} Notice */
/** @typedef {import("./change_conversation.js").ConversationChange} ConversationChange */

/** @param {{ room: number, notice: Notice | null, setNotice: (notice: Notice | null) => void }} props */
export function Conversation({ room, notice, setNotice }) {
  const { info, problem, set } = useConversation(room);
  const wasOpen = useRef(false);
  if (info && isOpen(info)) wasOpen.current = true;
  return html`<section class="conversation-pane" onKeyDown=${leaveOnEscape} aria-label=${info ? personName(visitor(info)) : t("inbox.conversation")}>
    ${problem && html`<div class="empty" role="alert"><p>${problem}</p><a class="button" href="/inbox">${t("inbox.back")}</a></div>`}
    ${!problem && !info && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${info && html`<${LoadedConversation} info=${info} notice=${notice} setNotice=${setNotice} onChanged=${set} wasOpen=${wasOpen.current} />`}
  </section>`;
}

/** @param {{ info: RoomInfo, notice: Notice | null, setNotice: (notice: Notice | null) => void, onChanged: (info: RoomInfo) => void, wasOpen: boolean }} props */
function LoadedConversation({ info, notice, setNotice, onChanged, wasOpen }) {
  const chat = useChat();
  const change = (/** @type {ConversationChange} */ body, /** @type {string} */ done) =>
    changeConversation(chat, info, body, { done, setNotice });
  const reopen = () => void change({ state: "open" }, t("inbox.reopened"));
  return html`
    <${ConversationHead} info=${info} change=${change} onChanged=${onChanged} />
    <${OtherOperators} info=${info} />
    <${NoticeLine} notice=${notice} setNotice=${setNotice} />
    ${isOpen(info) ? html`<${Open} room=${info.id} />` : html`<${Closed} info=${info} onReopen=${reopen} wasOpen=${wasOpen} />`}`;
}

/** @param {{ room: number }} props */
function Open({ room }) {
  const at = Number(useRoute().query.get("at")) || undefined; // set by a link to a message
  useViewing(room);
  return html`<${Timeline} room=${room} seq=${at} /><${Writing} room=${room} />`;
}

/** The fields for a reply and for a private note. The reply keeps its attachments while a note is written. @param {{ room: number }} props */
function Writing({ room }) {
  const isOffered = useSelected(hasNotes);
  const [isNote, setNote] = useState(false);
  const wasNote = useRef(false);
  useLayoutEffect(() => {
    if (wasNote.current && !isNote) focusComposer();
    wasNote.current = isNote;
  }, [isNote]);
  if (!isOffered) return html`<${Composer} room=${room} />`;
  const choice = (/** @type {boolean} */ value) => html`<label>
    <input type="radio" name="writing-mode" checked=${isNote === value} onClick=${() => setNote(value)} />
    <span>${value && icon("lock", { size: 14 })} ${t(value ? "notes.private" : "notes.reply")}</span>
  </label>`;
  return html`<div class=${isNote ? "writing-mode is-note" : "writing-mode"}>
      <fieldset class="segmented"><legend class="visually-hidden">${t("notes.mode")}</legend>${choice(false)}${choice(true)}</fieldset>
    </div>
    ${isNote && html`<${NoteComposer} room=${room} />`}
    <div hidden=${isNote}><${Composer} room=${room} /></div>`;
}

/** @param {{ info: RoomInfo, onReopen: () => void, wasOpen: boolean }} props */
function Closed({ info, onReopen, wasOpen }) {
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  const isOffered = useSelected(hasNotes);
  const [isNote, setNote] = useState(false);
  useEffect(() => {
    // The focused element is gone with the open conversation.
    if (wasOpen && document.activeElement === document.body) button.current?.focus();
  }, []);
  return html`<${ClosedHistory} info=${info} key=${info.seq} />
    <div class="conversation-closed">
      ${isNote && html`<${NoteComposer} room=${info.id} onDone=${() => setNote(false)} />`}
      <p class="soft">${t("inbox.is_closed")}</p>
      <div class="actions">
        <button type="button" class="button" ref=${button} onClick=${onReopen}>${t("inbox.reopen")}</button>
        ${isOffered &&
        html`<button type="button" class="button" onClick=${() => setNote(!isNote)}>
          ${!isNote && icon("lock", { size: 16 })} ${t(isNote ? "common.cancel" : "notes.private")}
        </button>`}
        <${Next} />
      </div>
    </div>`;
}

/** A conversation that was just closed, until the server sends its state. @param {RoomInfo | undefined} info */
function closed(info) {
  return info?.support && { ...info, support: { ...info.support, state: /** @type {const} */ ("closed") } };
}

/** The link to the longest waiting person. */
function Next() {
  const rooms = useSelected((state) => state.rooms);
  const me = useSelected((state) => state.me?.id);
  const [next] = useMemo(() => queue(conversations(rooms.values(), me), "waiting", me), [rooms, me]);
  return next && html`<a class="button primary" href=${`/inbox/${next.id}`}>${t("inbox.next", { name: personName(visitor(next)) })}</a>`;
}

/** Escape moves the focus from the composer to the list. @param {KeyboardEvent} event */
function leaveOnEscape(event) {
  if (event.key !== "Escape" || event.defaultPrevented || !(event.target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  focusConversations();
}

/** The other operators who view or type, and the assignee if it is another operator. @param {{ info: RoomInfo }} props */
function OtherOperators({ info }) {
  const me = useSelected((state) => state.me?.id);
  const others = useOthers(info.id, visitor(info).id, useNow());
  const holder = info.support?.assignee;
  useHandOvers(info, me);
  if (others.length === 0 && (!holder || holder.id === me)) return null;
  return html`<p class="conversation-others soft small">
    ${holder && holder.id !== me && html`<span>${icon("person", { size: 16 })} ${t("inbox.answers", { name: holder.name })}</span>`}
    ${others.map(
      ({ id, name, what }) => html`<span key=${id} class=${what === "typing" ? "is-typing" : ""}>
        ${icon(what === "typing" ? "edit" : "eye", { size: 16 })} ${t(what === "typing" ? "inbox.types" : "inbox.looks", { name })}
      </span>`,
    )}
  </p>`;
}

/** Announce when another operator gets the open conversation. @param {RoomInfo} info @param {number | undefined} me */
function useHandOvers(info, me) {
  const holder = info.support?.assignee;
  const before = useRef(holder?.id);
  useEffect(() => {
    if (before.current === holder?.id) return;
    before.current = holder?.id;
    if (holder && holder.id !== me) announce(t("inbox.claimed_by", { name: holder.name }));
  }, [holder?.id]);
}

/**
 * A conversation: an open one from the state; a closed or unknown one is requested.
 * @param {number} room
 * @returns {{ info: RoomInfo | undefined, problem: string, set: (info: RoomInfo) => void }} `set` replaces a requested one
 */
function useConversation(room) {
  const chat = useChat();
  const live = useSelected((state) => state.rooms.get(room)?.info);
  const isLoaded = useSelected((state) => state.isLoaded);
  const isMissing = isLoaded && !live;
  const load = async () => (isMissing ? /** @type {RoomInfo} */ (await chat.call("GET", `/rooms/${room}`)) : undefined);
  const asked = useLoaded(load, [room, isMissing]);
  const hasEntered = useRef(false);
  const isLeftOut = isMissing && asked.value !== undefined && isOpen(asked.value) && asked.value.seq > 0;
  useEffect(() => {
    if (!isLeftOut || hasEntered.current) return;
    hasEntered.current = true;
    void chat.enterConversations([/** @type {RoomInfo} */ (asked.value)]).catch(() => {}); // the next connection goes on
  }, [isLeftOut]);
  const known = useRef(live);
  if (live) known.current = live;
  const info = live ?? asked.value ?? (asked.error ? undefined : closed(known.current));
  const { set } = asked;
  if (info && !info.support) return { info: undefined, problem: t("inbox.no_conversation"), set };
  return { info, problem: live ? "" : asked.error, set };
}
