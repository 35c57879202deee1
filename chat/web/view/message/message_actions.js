// The actions on a timeline's messages, with the menu and the dialogs that they open.

import { html, useMemo, useRef, useState } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { ActionMenu } from "./action_menu.js";
import { ACTIONS } from "./core_actions.js";
import { useChat } from "../shared/context.js";
import { Edits } from "./edits.js";
import { problemText } from "../shared/problem.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("../../model/rights.js").Rights} Rights */
/** @typedef {import("../../features/feature").MessageActions} MessageActions */
/** @typedef {{ message: Message, dialog: string, at: DOMRect }} Opened */
/** @typedef {(action: import("../../features/feature").MessageAction, message: Message) => boolean} Instead */
/** @typedef {{ room: Room, rights: Rights, goTo: MessageActions["goTo"], fail: (text: string) => void, instead: Instead }} Around */

/** @type {Readonly<Record<string, (props: import("../../features/feature").MessageDialogProps) => unknown>>} */
const DIALOGS = Object.assign({ menu: ActionMenu, edits: Edits }, ...parts("dialogs"));

/**
 * @param {Room} room
 * @param {Rights} rights
 * @param {MessageActions["goTo"]} goTo
 * @param {(text: string) => void} fail called with the error text of a failed action
 * @param {Instead} [instead] called before an action; true: it has done something else
 */
export function useMessageActions(room, rights, goTo, fail, instead = () => false) {
  const chat = useChat();
  const [opened, setOpened] = useState(/** @type {Opened | null} */ (null));
  const latest = useRef({ room, rights, goTo, fail, instead });
  latest.current = { room, rights, goTo, fail, instead };
  const actions = useMemo(() => actionsOf(chat, setOpened, latest), [chat]);
  // A menu may report late that it is closed, when the next one is already open.
  const close = () => setOpened((now) => (now === opened ? null : now));
  const message = opened && room.messages.get(opened.message.seq);
  if (!message) return { actions, dialogs: null };
  return { actions, dialogs: html`<${DIALOGS[opened.dialog]} key=${opened.dialog} message=${message} at=${opened.at} actions=${actions} onClose=${close} />` };
}

/**
 * @param {Chat} chat
 * @param {(opened: Opened) => void} setOpened
 * @param {{ current: Around }} latest
 * @returns {MessageActions}
 */
function actionsOf(chat, setOpened, latest) {
  const open = (/** @type {Message} */ message, /** @type {string} */ dialog, at = new DOMRect(innerWidth / 2, innerHeight / 2)) =>
    setOpened({ message, dialog, at });
  const contextOf = (/** @type {Message} */ message, /** @type {DOMRect | undefined} */ at) => {
    const { room, rights } = latest.current;
    const isOwn = message.sender.id === chat.get().me?.id;
    return { chat, room, message, rights, isOwn, open: (/** @type {string} */ dialog) => open(message, dialog, at) };
  };
  const attempt = async (/** @type {(chat: Chat) => unknown} */ deed) => {
    try {
      await deed(chat);
    } catch (error) {
      latest.current.fail(problemText(error));
    }
  };
  return {
    open,
    goTo: (seq, from) => latest.current.goTo(seq, from),
    allowed(message) {
      const context = contextOf(message, undefined);
      return ACTIONS.filter((action) => action.isAllowed(context));
    },
    act: (action, message, at) => {
      if (!latest.current.instead(action, message)) attempt(() => action.act(contextOf(message, at)));
    },
    attempt: (deed) => void attempt(deed),
  };
}
