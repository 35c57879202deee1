// One's own messages of a room that wait for review, or were not sent, above the field. Nobody else sees them but moderators.

import { html, useEffect } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../../view/controls/dialog.js";
import { FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { FileName } from "../../view/files/file_name.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { problemText } from "../../view/shared/problem.js";
import { heldOf } from "./changes.js";

/** @typedef {import("../../protocol").HeldMessage} HeldMessage */

/** @param {{ room: number }} props */
export function OwnHeld({ room }) {
  const held = useSelected((state) => heldOf(state).own?.filter((each) => each.room === room) ?? []);
  const waiting = held.filter(({ removed, refused }) => !removed && !refused).length;
  useEffect(() => {
    if (waiting) announce(`${t("review.waiting")}. ${t("review.who_sees")}`);
  }, [waiting]);
  return html`<ul class="held-here" aria-label=${t("review.waiting")}>
    ${held.map((each) => html`<${Own} key=${each.id} held=${each} />`)}
  </ul>`;
}

/** @param {{ held: HeldMessage }} props */
function Own({ held }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { id, text = "", files = [], removed, refused, seq } = held;
  const isWaiting = !removed && !refused;
  const putAway = async () => {
    const isSure = !isWaiting || (await confirm({ title: t("review.take_back_title"), text: t("review.take_back_text"), action: t("review.take_back"), danger: true }));
    if (isSure) await act(() => chat.call("DELETE", `/me/held/${id}`));
  };
  return html`<li class="held-own">
    ${icon(isWaiting ? "clock" : "block", { size: 16 })}
    <div class="held-own-text">
      <b>${stateText(held)}</b>${isWaiting && html` <span class="soft">${t("review.who_sees")}</span>`}
      <p dir="auto">${text}</p>
      ${files.map((file, i) => html`<p class="soft small" key=${i}>${icon("file", { size: 16 })} <${FileName} name=${file} /></p>`)}
      ${seq !== undefined && html`<a class="small" href=${`/room/${held.room}/${seq}`}>${t("reports.open_message")}</a>`}
      <${FormError} text=${error} />
    </div>
    <button type="button" class="button quiet small" disabled=${isBusy} onClick=${putAway}>${t(isWaiting ? "review.take_back" : "review.put_away")}</button>
  </li>`;
}

/** @param {HeldMessage} held */
function stateText({ removed, refused, seq }) {
  if (removed) return t("review.removed");
  if (refused) return t("review.refused", { why: problemText({ ...refused, message: refused.text }) });
  return t(seq === undefined ? "review.waiting" : "review.edit");
}
