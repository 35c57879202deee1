// The row of a pending or refused message. It looks like any other row until it is late.

import { html } from "../../vendor/preact.js";
import { refusalText, t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { avatar } from "../controls/avatar.js";
import { Files } from "../files/files.js";
import { icon } from "../controls/icon.js";
import { memo } from "../shared/memo.js";
import { Quote } from "./quote.js";
import { MessageText } from "./message_text.js";

/** @typedef {import("../../model/types").PendingMessage} PendingMessage */
/** @typedef {import("../../model/types").Me} Me */

export const PendingRow = memo(function PendingRow(
  /** @type {{ pending: PendingMessage, me: Me, isFirst: boolean, goTo: (seq: number, from: number) => void }} */ { pending, me, isFirst, goTo },
) {
  const { key, room, reply, refused } = pending;
  return html`<li class=${isFirst ? "message-row is-first" : "message-row"} data-key=${`waiting-${key}`}>
    <article class=${["message", "is-waiting", isFirst && "is-first", refused && "is-refused"].filter(Boolean).join(" ")}>
      ${
        isFirst
          ? html`<span class="message-picture">${avatar(me)}</span><span class="message-name" dir="auto">${me.display || me.name}</span>`
          : html`<span class="visually-hidden">${me.display || me.name}</span>`
      }
      ${reply !== undefined && html`<${Quote} room=${room} seq=${reply} from=${reply} goTo=${goTo} />`}
      <div class="message-body">
        <${MessageText} message=${pending} />
        ${pending.files?.length ? html`<${Files} files=${pending.files} />` : null}
      </div>
      ${!refused && html`<span class="message-late" title=${t("timeline.waiting")}>${icon("clock", { size: 14 })}<span class="visually-hidden">${t("timeline.waiting")}</span></span>`}
      ${refused && html`<${Refused} pending=${pending} />`}
    </article>
  </li>`;
});

/** Why it was refused, with the actions on it. @param {{ pending: PendingMessage }} props */
function Refused({ pending: { key, text, refused } }) {
  const chat = useChat();
  return html`<div class="message-refused" role="alert">
    ${icon("warning", { size: 16 })}
    <span>${t("timeline.refused", { why: refused ? refusalText(refused) : "" })}</span>
    <span class="message-refused-actions">
      <button type="button" class="link-button" onClick=${() => chat.retry(key)}>${t("common.retry")}</button>
      <button type="button" class="link-button" onClick=${() => copyAndAnnounce(text)}>${t("actions.copyText")}</button>
      <button type="button" class="link-button danger" onClick=${() => chat.discard(key)}>${t("actions.delete")}</button>
    </span>
  </div>`;
}
