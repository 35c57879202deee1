// The quoted message above a reply, in one line; it links to the message.

import { html, useEffect } from "../../vendor/preact.js";
import { preview } from "../../model/text.js";
import { t } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";

/**
 * @param {{ id?: string, room: number, seq: number, from: number, goTo: (seq: number, from: number) => void, tab?: 0 | -1 }} props
 */
export function Quote({ id, room, seq, from, goTo, tab = 0 }) {
  const message = useMessage(room, seq);
  const person = useSelected((state) => message && state.people.get(message.sender.id));
  const isRemoved = useSelected((state) => seq < (state.rooms.get(room)?.info.first ?? 1));
  const isBlocked = useSelected((state) => message !== undefined && state.blocked.has(message.sender.id));
  return html`<button type="button" class="message-quote" id=${id} tabindex=${tab} onClick=${() => goTo(seq, from)} title=${t("timeline.toQuoted")}>
    ${icon("reply", { size: 14 })}<span class="visually-hidden">${t("timeline.answers")}</span>
    ${message && !isBlocked && html`<b dir="auto">${personName(person ?? message.sender)}</b>`}
    <span dir="auto">${isBlocked ? t("timeline.blocked") : message ? summaryOf(message) : isRemoved ? t("timeline.removed") : "…"}</span>
  </button>`;
}

/** A message in one line. @param {import("../../model/types").Message} message */
export function summaryOf(message) {
  if (message.deleted) return t("timeline.deleted");
  return preview(message.text ?? "") || t("timeline.file");
}

/** A message of a room; it is loaded if it is missing. @param {number} room @param {number} seq */
export function useMessage(room, seq) {
  const chat = useChat();
  const message = useSelected((state) => state.rooms.get(room)?.messages.get(seq));
  const isLive = useSelected((state) => state.connection.state === "live");
  const isMissing = message === undefined;
  useEffect(() => {
    if (isMissing && isLive) chat.loadMessages(room, { before: seq + 1, limit: 1 }).catch(() => undefined); // it stays "…"
  }, [chat, room, seq, isMissing, isLive]);
  return message;
}
