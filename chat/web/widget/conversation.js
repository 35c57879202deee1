// The conversation in the panel: the greeting, the messages, and the pending messages.

import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { t, tn } from "../i18n/index.js";
import { avatar } from "../view/controls/avatar.js";
import { useSelected } from "../view/shared/context.js";
import { Files } from "../view/files/files.js";
import { icon } from "../view/controls/icon.js";
import { lazy } from "../view/shared/lazy.js";
import { problemText } from "../view/shared/problem.js";
import { useSent } from "../view/shared/sent.js";
import { MessageText } from "../view/message/message_text.js";
import { shortTime } from "../view/shared/times.js";
import { Typing } from "../view/composer/typing.js";
import { conversationOf, firstLoaded } from "./visitor.js";

/** @typedef {import("../model/types").Message} Message */
/** @typedef {import("../model/types").PendingMessage} PendingMessage */
/** @typedef {import("../model/types").LostMessage} LostMessage */
/** @typedef {import("./visitor.js").Visitor} Visitor */

const SendTranscript = lazy(() => import("../features/transcripts/send.js"), "SendTranscript");
const Rate = lazy(() => import("../features/ratings/rate.js"), "Rate");

/** Nearer to the end than this, in pixels, counts as at the end. */
const AT_END = 40;

/** @param {{ visitor: Visitor, isStaffed: boolean | null, back: string, needsAddress: boolean, greeting: string, hasBegun: boolean }} props */
export function Conversation({ visitor, isStaffed, back, needsAddress, greeting, hasBegun }) {
  const room = useSelected(conversationOf);
  const me = useSelected((state) => state.me?.id);
  const outbox = useSelected((state) => state.outbox);
  const lost = useSelected((state) => state.lost);
  const canMail = useSelected(({ server }) => server.features.includes("transcripts"));
  const messages = room ? loadedMessages(room) : [];
  const list = useEnd(messages.at(-1)?.seq, outbox.length);
  return html`<div class="panel-scroll" ref=${list} tabindex="0" role="group" aria-label=${t("widget.conversation")}>
    <${Greeting} text=${greeting} isStaffed=${isStaffed} back=${back} needsAddress=${needsAddress} hasBegun=${hasBegun} hasEnded=${visitor.hasEnded()} isPersistent=${visitor.isPersistent()} />
    ${room && firstLoaded(room) > 1 && room.info.seq > 0 && html`<${Earlier} visitor=${visitor} before=${firstLoaded(room)} />`}
    <ol class="panel-list">
      ${messages.map((message, nth) => html`<${MessageItem} key=${message.seq} message=${message} isMine=${message.sender.id === me}
        isFirst=${messages[nth - 1]?.sender.id !== message.sender.id} />`)}
      ${outbox.map((pending) => html`<${Pending} key=${pending.key} visitor=${visitor} pending=${pending} />`)}
    </ol>
    ${lost && html`<${Lost} visitor=${visitor} messages=${lost.rooms.flatMap((each) => each.messages)} />`}
    ${room?.info.support?.state === "closed" && html`<p class="panel-note">${t("widget.closed")}</p><${Rate} call=${visitor.call} />
      ${canMail && html`<${SendTranscript} call=${visitor.call} path="/support/transcript" label=${t("widget.transcript")} />`}`}
    ${hasBegun && !room && !visitor.isBlocked() && html`<p class="panel-note" aria-busy="true">${t("common.loading")}</p>`}
    ${room && html`<${Typing} room=${room.info.id} />`}
  </div>`;
}

/** @param {{ text: string, isStaffed: boolean | null, back: string, needsAddress: boolean, hasBegun: boolean, hasEnded: boolean, isPersistent: boolean }} props */
function Greeting({ text, isStaffed, back, needsAddress, hasBegun, hasEnded, isPersistent }) {
  return html`<div class="panel-greeting">
    <p class="panel-hello" dir="auto">${text || t("widget.hello")}</p>
    ${back && html`<p class="panel-back">${back}</p>`}
    ${!hasBegun && html`<p>${t(needsAddress ? "widget.leave_form" : back ? "widget.leave_message" : isStaffed === false ? "widget.nobody_here" : "widget.write")}${isPersistent && ` ${t("widget.come_back")}`}</p>`}
    ${hasEnded && html`<p class="panel-hint" role="status">${t("widget.ended")}</p>`}
    ${!isPersistent && html`<p class="panel-hint">${t("widget.not_kept")}</p>`}
  </div>`;
}

/** @param {{ visitor: Visitor, before: number }} props */
function Earlier({ visitor, before }) {
  const [problem, setProblem] = useState("");
  const load = () => visitor.loadMessages(before).then(() => setProblem(""), (error) => setProblem(problemText(error)));
  return html`<p class="panel-note">
    <button type="button" class="button quiet small" onClick=${load}>${t("widget.earlier")}</button>
    ${problem && html`<span class="field-error" role="alert">${problem}</span>`}
  </p>`;
}

/** What a restored backup lacks. @param {{ visitor: Visitor, messages: LostMessage[] }} props */
function Lost({ visitor, messages }) {
  return html`<div class="panel-lost" role="status">
    <p>${tn("widget.lost", messages.length)}</p>
    <ul>
      ${messages.map(({ seq, at, text, isMine, sender, files = [] }) => html`<li key=${`${seq} ${at}`} dir="auto">
        <b>${isMine ? t("widget.you") : sender.name}</b> ${[...(text ? [text] : []), ...files.map((name) => t("lost.file", { name }))].join(", ")}</li>`)}
    </ul>
    <p class="actions">
      ${messages.some(({ isMine, text }) => isMine && text) && html`<button type="button" class="button small" onClick=${visitor.sendLostAgain}>${t("widget.send_again")}</button>`}
      <button type="button" class="button small quiet" onClick=${visitor.dismissLost}>${t("widget.dismiss")}</button>
    </p>
  </div>`;
}

/** @param {{ message: Message, isMine: boolean, isFirst: boolean }} props */
function MessageItem({ message, isMine, isFirst }) {
  const { sender, at, deleted, edited, files = [], reactions = [] } = message;
  return html`<li class=${`said ${isMine ? "is-mine" : ""} ${isFirst ? "is-first" : ""}`}>
    ${!isMine && html`<span class="said-picture">${isFirst && avatar(sender, { size: "small" })}</span>`}
    <div class="said-bubble">
      <span class=${isMine || !isFirst ? "visually-hidden" : "said-name"} dir="auto">${isMine ? t("widget.you") : sender.name}</span>
      ${deleted ? html`<p class="said-gone">${t("widget.deleted")}</p>` : message.text && html`<${MessageText} message=${message} isLinked=${false} />`}
      ${!deleted && files.length > 0 && html`<${Files} files=${files} />`}
      <time class="said-time" datetime=${new Date(at).toISOString()}>${shortTime(at)}${edited && !deleted ? ` · ${t("widget.edited")}` : ""}</time>
      ${!deleted && reactions.length > 0 && html`<${ReactionList} reactions=${reactions} />`}
    </div>
  </li>`;
}

/** The reactions; visitors can only see them. @param {{ reactions: readonly { emoji: string, count: number }[] }} props */
function ReactionList({ reactions }) {
  return html`<ul class="said-reactions" aria-label=${t("widget.reactions")}>
    ${reactions.map(({ emoji, count }) => html`<li key=${emoji}>${emoji}${count > 1 && ` ${count}`}</li>`)}
  </ul>`;
}

/** @param {{ visitor: Visitor, pending: PendingMessage }} props */
function Pending({ visitor, pending }) {
  const { key, refused, files = [] } = pending;
  return html`<li class=${`said is-mine is-first ${refused ? "is-refused" : "is-waiting"}`}>
    <div class="said-bubble">
      <span class="visually-hidden">${t("widget.you")}</span>
      ${pending.text && html`<${MessageText} message=${pending} isLinked=${false} />`}
      ${files.map(({ id, name }) => html`<p class="said-file" key=${id} dir="auto">${icon("attach", { size: 14 })} ${name}</p>`)}
      ${refused
        ? html`<p class="said-problem" role="alert">${problemText({ ...refused, message: refused.text })}</p>
          <p class="actions">
            <button type="button" class="button small" onClick=${() => visitor.retry(key)}>${t("common.retry")}</button>
            <button type="button" class="button small quiet" onClick=${() => visitor.discard(key)}>${t("widget.discard")}</button>
          </p>`
        : html`<span class="said-time">${icon("clock", { size: 12 })} ${t("widget.waiting")}</span>`}
    </div>
  </li>`;
}

/** The messages that are loaded up to the end without a gap. @param {import("../model/types").Room} room */
function loadedMessages(room) {
  const found = [];
  for (let seq = firstLoaded(room); seq <= room.info.seq; seq++) {
    const message = room.messages.get(seq);
    if (message) found.push(message);
  }
  return found;
}

/** Keep the list at its end if it is there, and scroll to the end when the visitor sends something. @param {number | undefined} last @param {number} pending */
function useEnd(last, pending) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const height = useRef(0);
  const hasSent = useRef(false);
  useSent(() => {
    hasSent.current = true;
  });
  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    const wasAtEnd = box.scrollTop + box.clientHeight >= height.current - AT_END;
    if (wasAtEnd || hasSent.current) box.scrollTop = box.scrollHeight;
    height.current = box.scrollHeight;
    hasSent.current = false;
  }, [last, pending]);
  return list;
}
