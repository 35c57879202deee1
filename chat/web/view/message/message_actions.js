// The actions on a timeline's messages, with the menus and dialogs that they open.

import { html, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { ActionMenu } from "./action_menu.js";
import { announce } from "../shared/announce.js";
import { setComposerTarget, focusComposer } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { confirm } from "../controls/dialog.js";
import { Edits } from "./edits.js";
import { EmojiPicker } from "../controls/emoji_picker.js";
import { problemText } from "../shared/problem.js";
import { Readers } from "./readers.js";
import { noteEmoji } from "../shared/recent_emoji.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/rights.js").Rights} Rights */
/** @typedef {import("./message.js").MessageActions} MessageActions */
/** @typedef {{ message: Message, what: "menu" | "react" | "edits" | "readers", at: DOMRect }} Opened */

/** Rooms with more members than this do not show who has read. */
const MAX_MEMBERS_WITH_READERS = 100;

/**
 * @param {Room} room
 * @param {Rights} rights
 * @param {MessageActions["goTo"]} goTo
 * @param {(text: string) => void} fail called with the error text of a failed action
 */
export function useMessageActions(room, rights, goTo, fail) {
  const chat = useChat();
  const [opened, setOpened] = useState(/** @type {Opened | null} */ (null));
  const latest = useRef({ goTo, fail });
  latest.current = { goTo, fail };
  const actions = useMemo(() => actionsOf(chat, setOpened, latest), [chat]);
  // A menu may report late that it is closed, when the next one is already open.
  const close = () => setOpened((now) => (now === opened ? null : now));
  const known = opened && room.messages.get(opened.message.seq);
  return { actions, dialogs: opened && known ? dialogFor({ ...opened, message: known }, { chat, room, rights, actions, close }) : null };
}

/**
 * @param {Chat} chat
 * @param {(opened: Opened) => void} setOpened
 * @param {{ current: { goTo: MessageActions["goTo"], fail: (text: string) => void } }} latest
 * @returns {MessageActions}
 */
function actionsOf(chat, setOpened, latest) {
  const begin = (/** @type {Message} */ { room }, /** @type {import("../shared/composer_target.js").ComposerTarget} */ what) => {
    setComposerTarget(room, what);
    focusComposer();
  };
  return {
    open: (message, what, at = new DOMRect(innerWidth / 2, innerHeight / 2)) => setOpened({ message, what, at }),
    goTo: (seq, from) => latest.current.goTo(seq, from),
    react: ({ room, seq }, emoji, on) => {
      if (on) noteEmoji(emoji);
      chat.react(room, seq, emoji, on).catch((error) => latest.current.fail(problemText(error)));
    },
    reply: (message) => begin(message, { reply: message.seq }),
    edit: (message) => begin(message, { edit: message.seq }),
    remove: async ({ room, seq }) => {
      const question = { title: t("actions.deleteAsk"), text: t("actions.deleteWhy"), action: t("actions.delete"), danger: true };
      if (await confirm(question)) chat.delete(room, seq).catch((error) => latest.current.fail(problemText(error)));
    },
    markUnread: ({ room, seq }) => {
      chat.markUnread(room, seq).then(
        () => announce(t("actions.markedUnread")),
        (error) => latest.current.fail(problemText(error)),
      );
    },
  };
}

/** @param {Opened} opened @param {{ chat: Chat, room: Room, rights: Rights, actions: MessageActions, close: () => void }} around */
function dialogFor({ message, what, at }, { chat, room, rights, actions, close }) {
  if (what === "edits") return html`<${Edits} message=${message} onClose=${close} />`;
  if (what === "readers") return html`<${Readers} message=${message} onClose=${close} />`;
  const react = (/** @type {string} */ emoji) => actions.react(message, emoji, !isMine(message, emoji));
  if (what === "react") return html`<${EmojiPicker} at=${at} label=${t("actions.react")} onChoose=${react} onClose=${close} />`;
  const isOwn = message.sender.id === chat.get().me?.id;
  const { info } = room;
  const hasReaders = info.kind === "direct" || info.kind === "support" || (info.members ?? 0) <= MAX_MEMBERS_WITH_READERS;
  const available = {
    ...(rights.canSpeak && !message.deleted && { react, allEmoji: () => actions.open(message, "react", at), reply: () => actions.reply(message) }),
    ...(rights.canSpeak && isOwn && !message.deleted && { edit: () => actions.edit(message) }),
    ...(!message.deleted && { copyText: () => copyAndAnnounce(message.text ?? "") }),
    copyLink: () => copyAndAnnounce(new URL(`/room/${info.id}/${message.seq}`, location.href).href),
    markUnread: () => actions.markUnread(message),
    ...(hasReaders && { readers: () => actions.open(message, "readers") }),
    ...(message.edited !== undefined && !message.deleted && { edits: () => actions.open(message, "edits") }),
    ...((isOwn || rights.canModerate) && !message.deleted && { delete: () => actions.remove(message) }),
  };
  return html`<${ActionMenu} key="menu" at=${at} available=${available} onClose=${close} />`;
}

/** @param {Message} message @param {string} emoji */
function isMine({ reactions = [] }, emoji) {
  return reactions.some((one) => one.emoji === emoji && one.mine === true);
}
