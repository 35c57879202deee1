// One message: name, text, time, and the features' parts. Screen readers read it in this order; the style puts the time next to the name.

import { html, useState } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";
import { ActionBar } from "./action_menu.js";
import { avatar } from "../controls/avatar.js";
import { Status } from "../controls/status.js";
import { CodeBlock, Formula } from "./code_block.js";
import { Files, viewedIn } from "../files/files.js";
import { foldQuote } from "./folded_quote.js";
import { splitLabel } from "./hook_message.js";
import { isProgram, programName, programTag } from "../shared/programs.js";
import { useLongPress } from "../controls/long_press.js";
import { memo } from "../shared/memo.js";
import { personName } from "../shared/names.js";
import { useChat, useSelected } from "../shared/context.js";
import { Quote } from "./quote.js";
import { MessageText, mentionsMe } from "./message_text.js";
import { clock, dayAndTime } from "../shared/times.js";

/** @typedef {import("../../model/types").Message} Message */

/** @typedef {import("../../features/feature").MessageActions} MessageActions */

/**
 * @typedef {object} MessageProps
 * @property {Message} message
 * @property {number | undefined} me
 * @property {boolean} isFirst begins a group of one sender
 * @property {boolean} isBlocked
 * @property {boolean} isFocusable the list's tab stop
 * @property {boolean} isMarked highlighted after a jump
 * @property {boolean} isLastOwn
 * @property {boolean} canSpeak
 * @property {MessageActions} actions
 * @property {number} [thread] in the panel of a thread, its first message: the ids of elements are others there
 */

const BODIES = parts("Body");
const MARKS = parts("Mark");
const FOOTERS = parts("Footer");
const DELETED_FOOTERS = parts("DeletedFooter");

export const MessageRow = memo(function MessageRow(/** @type {MessageProps} */ props) {
  const { message, isBlocked, isFirst } = props;
  const [isShown, setShown] = useState(false);
  if (message.deleted) return html`<${MessageNote} ...${props}>${deletedBy(message)}<//>`;
  if (isBlocked && !isShown) {
    const show = html`<button type="button" class="link-button" onClick=${() => setShown(true)}>${t("timeline.show")}</button>`;
    return html`<${MessageNote} ...${props}>${t("timeline.blocked")} ${show}<//>`;
  }
  return html`<${FullMessage} ...${props} isFirst=${isFirst || isBlocked} />`;
});

/** A message without its content. @param {MessageProps & { children?: unknown }} props */
function MessageNote({ message, isFocusable, isFirst, isBlocked, children, thread, ...props }) {
  const { seq } = message;
  const id = idOf(seq, thread);
  const isNamed = isFirst && !isBlocked;
  return html`<li class=${isFirst ? "message-row is-first" : "message-row"} data-seq=${seq} data-key=${`message-${seq}`}>
    <article class=${isNamed ? "message is-plain is-first" : "message is-plain"} data-focus=${seq} tabindex=${isFocusable ? 0 : -1}
      aria-labelledby=${isBlocked ? `text-${id}` : `name-${id} text-${id}`}>
      ${!isBlocked && html`<${Name} message=${message} id=${id} isFirst=${isFirst} />`}
      <p class="message-text" id=${`text-${id}`}>${children}</p>
      <${Time} at=${message.at} id=${`time-${id}`} />
      ${message.deleted && DELETED_FOOTERS.map((Footer) => html`<${Footer} message=${message} tab=${0} isInThread=${thread !== undefined} ...${props} />`)}
    </article>
  </li>`;
}

/** What the ids of a message's elements end with. @param {number} seq @param {number | undefined} thread */
function idOf(seq, thread) {
  return thread === undefined ? String(seq) : `${seq}-in-thread`;
}

/** @param {Message} message */
function deletedBy({ deleted, sender }) {
  return t(deleted?.by && deleted.by !== sender.id ? "timeline.deletedByOther" : "timeline.deleted");
}

/** @param {MessageProps} props */
function FullMessage({ message, me, isFirst, isFocusable, isMarked, isLastOwn, canSpeak, actions, thread }) {
  const { seq, room } = message;
  const chat = useChat();
  const id = idOf(seq, thread);
  const [isNear, setNear] = useState(false);
  const showActions = () => setNear(true);
  const [isPressed, pressHandlers] = useLongPress((at) => actions.open(message, "menu", at));
  const hideOnPointerLeave = (/** @type {Event & { currentTarget: HTMLElement }} */ event) => {
    if (!event.currentTarget.matches(":focus-within")) setNear(false);
  };
  const hideOnBlur = (/** @type {FocusEvent & { currentTarget: HTMLElement }} */ event) => {
    if (!event.currentTarget.contains(/** @type {Node | null} */ (event.relatedTarget)) && !event.currentTarget.matches(":hover")) setNear(false);
  };
  const tab = isNear ? 0 : -1;
  const isReply = message.reply !== undefined && message.reply !== thread;
  const body = BODIES.find(({ isFor }) => isFor(message));
  const props = { message, canSpeak, isLastOwn, actions, tab, isInThread: thread !== undefined };
  const classes = ["message", isFirst && "is-first", isMarked && "is-marked", isPressed && "is-held", mentionsMe(message, me) && "is-mention"];
  return html`<li class=${isFirst ? "message-row is-first" : "message-row"} data-seq=${seq} data-key=${`message-${seq}`}>
    <article class=${classes.filter(Boolean).join(" ")} data-focus=${seq} tabindex=${isFocusable ? 0 : -1}
      aria-labelledby=${`name-${id} ${isReply ? `quote-${id} ` : ""}text-${id} time-${id}`} aria-describedby=${FOOTERS.map((_, n) => `footer-${n}-${id}`).join(" ")}
      onPointerEnter=${showActions} onPointerLeave=${hideOnPointerLeave} onFocusIn=${showActions} onFocusOut=${hideOnBlur} ...${pressHandlers}>
      <${Name} message=${message} id=${id} isFirst=${isFirst} tab=${tab} />
      ${isReply && html`<${Quote} id=${`quote-${id}`} room=${room} seq=${message.reply} from=${seq} goTo=${actions.goTo} tab=${tab} />`}
      <div class="message-body" id=${`text-${id}`}>
        ${body ? html`<${body.View} ...${props} />` : html`<${Text} message=${message} tab=${tab} />`}
        ${message.edited !== undefined && html`<${Edited} message=${message} actions=${actions} tab=${tab} />`}
        ${MARKS.map((Mark) => html`<${Mark} ...${props} />`)}
        ${message.files?.length ? html`<${Files} files=${message.files} tab=${tab} others=${() => viewedIn(chat.get(), room)} />` : null}
      </div>
      <${Time} at=${message.at} id=${`time-${id}`} />
      ${FOOTERS.map((Footer, n) => html`<${Footer} ...${props} id=${`footer-${n}-${id}`} />`)}
      ${isNear && html`<${ActionBar} message=${message} canSpeak=${canSpeak} actions=${actions} />`}
    </article>
  </li>`;
}

/** The text, behind the label of a message of a hook. @param {{ message: Message, tab: 0 | -1 }} props */
function Text({ message: whole, tab }) {
  const { label, message } = splitLabel(whole);
  return html`${label && html`<bdi class="message-label">${label}</bdi>`}<${MessageText} message=${message} tab=${tab} code=${CodeBlock} formula=${Formula} fold=${foldQuote} />`;
}

/** The name and avatar of a group's first message; of the others only screen readers get the name. @param {{ message: Message, id: string, isFirst: boolean, tab?: 0 | -1 }} props */
function Name({ message: { sender }, id: of, isFirst, tab = -1 }) {
  const person = useSelected((state) => state.people.get(sender.id)) ?? sender;
  const id = `name-${of}`;
  if (!isFirst) return html`<span class="visually-hidden" id=${id}>${personName(person)}</span>`;
  if (isProgram(person)) {
    return html`<span class="message-picture" aria-hidden="true">${avatar(person)}</span>
      <span class="message-name" id=${id}><bdi>${programName(person)}</bdi> <span class="tag">${t(programTag(person))}</span></span>`;
  }
  const profile = `?show=person-${sender.id}`;
  return html`<a class="message-picture" href=${profile} tabindex="-1" aria-hidden="true">${avatar(person)}</a>
    <a class="message-name" id=${id} href=${profile} dir="auto" tabindex=${tab}>${personName(person)}<${Status} person=${sender} isSilent /></a>`;
}

/** @param {{ at: number, id: string }} props */
function Time({ at, id }) {
  return html`<time class="message-time" id=${id} datetime=${new Date(at).toISOString()} title=${dayAndTime(at)}>${clock(at)}</time>`;
}

/** @param {{ message: Message, actions: MessageActions, tab: 0 | -1 }} props */
function Edited({ message, actions, tab }) {
  return html`<button type="button" class="message-mark" title=${t("timeline.showEdits")} tabindex=${tab}
    onClick=${() => actions.open(message, "edits")}>${t("timeline.edited")}</button>`;
}
