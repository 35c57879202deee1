// What is done with messages of a timeline, and the menus and dialogs that this opens.

import { html, useMemo, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { ActionMenu } from "./action_menu.js";
import { announce } from "../shared/announce.js";
import { compose, focusComposer } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { copyAndTell } from "../controls/copy.js";
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
/** @typedef {import("./message.js").Acts} Acts */
/** @typedef {{ message: Message, what: "menu" | "react" | "edits" | "readers", at: DOMRect }} Opened */

/** Rooms with more members than this do not tell who has read. */
const SMALL = 100;

/**
 * @param {Room} room
 * @param {Rights} rights
 * @param {Acts["goTo"]} goTo
 * @param {(text: string) => void} fail says why something was not done
 */
export function useMessageActs(room, rights, goTo, fail) {
  const chat = useChat();
  const [opened, setOpened] = useState(/** @type {Opened | null} */ (null));
  const latest = useRef({ goTo, fail });
  latest.current = { goTo, fail };
  const acts = useMemo(() => actsOf(chat, setOpened, latest), [chat]);
  // What is opened next stays, where the one before tells late that it is closed.
  const close = () => setOpened((now) => (now === opened ? null : now));
  const held = opened && room.messages.get(opened.message.seq);
  return { acts, dialogs: opened && held ? opener({ ...opened, message: held }, { chat, room, rights, acts, close }) : null };
}

/**
 * @param {Chat} chat
 * @param {(opened: Opened) => void} setOpened
 * @param {{ current: { goTo: Acts["goTo"], fail: (text: string) => void } }} latest
 * @returns {Acts}
 */
function actsOf(chat, setOpened, latest) {
  const begin = (/** @type {Message} */ { room }, /** @type {import("../shared/composer_target.js").Composing} */ what) => {
    compose(room, what);
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
      chat.read(room, seq - 1, { back: true }).then(
        () => announce(t("actions.markedUnread")),
        (error) => latest.current.fail(problemText(error)),
      );
    },
  };
}

/** @param {Opened} opened @param {{ chat: Chat, room: Room, rights: Rights, acts: Acts, close: () => void }} around */
function opener({ message, what, at }, { chat, room, rights, acts, close }) {
  if (what === "edits") return html`<${Edits} message=${message} onClose=${close} />`;
  if (what === "readers") return html`<${Readers} message=${message} onClose=${close} />`;
  const react = (/** @type {string} */ emoji) => acts.react(message, emoji, !isMine(message, emoji));
  if (what === "react") return html`<${EmojiPicker} at=${at} label=${t("actions.react")} onChoose=${react} onClose=${close} />`;
  const isOwn = message.sender.id === chat.get().me?.id;
  const { info } = room;
  const tellsReaders = info.kind === "direct" || info.kind === "support" || (info.members ?? 0) <= SMALL;
  const doing = {
    ...(rights.speaks && !message.deleted && { react, allEmoji: () => acts.open(message, "react", at), reply: () => acts.reply(message) }),
    ...(rights.speaks && isOwn && !message.deleted && { edit: () => acts.edit(message) }),
    ...(!message.deleted && { copyText: () => copyAndTell(message.text ?? "") }),
    copyLink: () => copyAndTell(new URL(`/room/${info.id}/${message.seq}`, location.href).href),
    markUnread: () => acts.markUnread(message),
    ...(tellsReaders && { readers: () => acts.open(message, "readers") }),
    ...(message.edited !== undefined && !message.deleted && { edits: () => acts.open(message, "edits") }),
    ...((isOwn || rights.moderates) && !message.deleted && { delete: () => acts.remove(message) }),
  };
  return html`<${ActionMenu} key="menu" at=${at} doing=${doing} onClose=${close} />`;
}

/** @param {Message} message @param {string} emoji */
function isMine({ reactions = [] }, emoji) {
  return reactions.some((one) => one.emoji === emoji && one.mine === true);
}
