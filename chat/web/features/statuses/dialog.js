// Setting one's status, and when it is cleared.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { fieldsOf, timeOf } from "../../model/later_times.js";
import { Dialog } from "../../view/controls/dialog.js";
import { EmojiPicker } from "../../view/controls/emoji_picker.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { NO_EMOJI } from "../../view/controls/status.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat } from "../../view/shared/context.js";
import { ENDS, firstDayIn, timeOfEnd } from "./ends.js";

/** @typedef {import("./ends.js").End} End */

/** Characters, as the server counts them. */
const MOST = 100;

/** @type {readonly { emoji: string, name: "meeting" | "commuting" | "remote" | "sick" | "vacation", end: End }[]} */
const SUGGESTED = [
  { emoji: "📅", name: "meeting", end: "hour" },
  { emoji: "🚌", name: "commuting", end: "half_hour" },
  { emoji: "🏡", name: "remote", end: "today" },
  { emoji: "🤒", name: "sick", end: "today" },
  { emoji: "🌴", name: "vacation", end: "never" },
];

/** @param {{ status?: import("../../protocol").PersonStatus, onClose: () => void }} props */
export function StatusDialog({ status, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [emoji, setEmoji] = useState(status?.emoji ?? "");
  const [text, setText] = useState(status?.text ?? "");
  const [end, setEnd] = useState(/** @type {End} */ (status?.until ? "custom" : "never"));
  const [custom, setCustom] = useState(() => fieldsOf(status?.until ?? Date.now() + 24 * 3600_000));
  const [picker, setPicker] = useState(/** @type {DOMRect | null} */ (null));
  const [isPast, setPast] = useState(false);
  const isEmpty = !emoji && !text.trim();
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const until = end === "custom" ? timeOf(custom) : timeOfEnd(end, Date.now(), firstDayIn(navigator.language));
    const isOver = until !== undefined && !(until > Date.now());
    setPast(isOver);
    if (isOver) return;
    const fields = { ...(emoji && { emoji }), text: text.trim(), ...(until && { until }) };
    if (await act(() => chat.call("PUT", "/me/status", fields))) done(t("statuses.done"));
  };
  const clear = async () => {
    if (await act(() => chat.call("DELETE", "/me/status"))) done(t("statuses.cleared"));
  };
  const done = (/** @type {string} */ said) => {
    announce(said);
    onClose();
  };
  const take = (/** @type {(typeof SUGGESTED)[number]} */ one) => {
    setEmoji(one.emoji);
    setText(t(`statuses.${one.name}`));
    setEnd(one.end);
  };
  const pick = (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) => setPicker(event.currentTarget.getBoundingClientRect());
  return html`<${Dialog} title=${t("statuses.title")} class="status-dialog" onClose=${onClose}>
    <form class="form" onSubmit=${save}>
      <div class="status-fields">
        <button type="button" class=${`button status-emoji ${emoji ? "" : "is-none"}`} aria-label=${t("statuses.emoji")} title=${t("statuses.emoji")} onClick=${pick}>${emoji || NO_EMOJI}</button>
        <${Field} label=${t("statuses.text")} value=${text} onInput=${setText} maxlength=${MOST} autofocus />
      </div>
      ${isEmpty &&
      html`<ul class="list status-suggested" aria-label=${t("statuses.suggested")}>
        ${SUGGESTED.map(
          (one) => html`<li key=${one.name}><button type="button" class="row" onClick=${() => take(one)}>
            <span aria-hidden="true">${one.emoji}</span> <span class="row-text">${t(`statuses.${one.name}`)}</span>
            <span class="soft small">${t(`statuses.end_${one.end}`)}</span>
          </button></li>`,
        )}
      </ul>`}
      <div class="field">
        <label for="status-end">${t("statuses.end")}</label>
        <select id="status-end" value=${end} onChange=${(/** @type {any} */ event) => setEnd(event.target.value)}>
          ${ENDS.map((name) => html`<option key=${name} value=${name} selected=${name === end}>${t(`statuses.end_${name}`)}</option>`)}
        </select>
      </div>
      ${end === "custom" &&
      html`<div class="time-fields">
        <${Field} label=${t("later.day")} type="date" required min=${fieldsOf(Date.now()).day} value=${custom.day} onInput=${(/** @type {string} */ day) => setCustom({ ...custom, day })} />
        <${Field} label=${t("later.time")} type="time" required value=${custom.time} onInput=${(/** @type {string} */ time) => setCustom({ ...custom, time })} />
      </div>`}
      <${FormError} text=${isPast ? t("later.past") : error} />
      <div class="dialog-actions">
        ${status && html`<button type="button" class="button quiet status-clear" disabled=${isBusy} onClick=${clear}>${t("statuses.clear")}</button>`}
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("statuses.save")} isBusy=${isBusy} disabled=${isEmpty} />
      </div>
    </form>
    ${picker && html`<${EmojiPicker} at=${picker} hasCustom=${false} label=${t("statuses.emoji")} onChoose=${setEmoji} onClose=${() => setPicker(null)} />`}
  <//>`;
}
