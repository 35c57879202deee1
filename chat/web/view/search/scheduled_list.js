// This person's scheduled messages of all rooms, the earliest first, with what can be done with each.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { isUnread, readScheduled, scheduledOf } from "../../features/scheduled/changes.js";
import { t } from "../../i18n/index.js";
import { preview } from "../../model/text.js";
import { confirm, Dialog } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { TimeMenu } from "../controls/time_menu.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { roomName } from "../shared/names.js";
import { problemText } from "../shared/problem.js";
import { futureTime } from "../shared/times.js";

/** @typedef {import("../../protocol").Scheduled} Scheduled */

/** Characters of a message in the names of its buttons. */
const MOST_TEXT = 80;

export function ScheduledList() {
  const chat = useChat();
  const isToRead = useSelected(isUnread);
  const items = useSelected((state) => scheduledOf(state));
  const { act, isBusy, error } = useAction();
  useEffect(() => {
    if (isToRead) void act(() => readScheduled(chat));
  }, [chat, isToRead]);
  return html`
    <${FormError} text=${error} />
    ${!items && !error && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${items?.length === 0 && html`<${Empty} />`}
    <ol class="list hits" aria-label=${t("scheduled.label")} aria-busy=${!items && !error}>
      ${items?.map((message) => html`<${ScheduledRow} key=${message.id} message=${message} isBusy=${isBusy} act=${act} />`)}
    </ol>`;
}

function Empty() {
  return html`<div class="empty" role="status">
    ${icon("clock", { size: 32 })}
    <h2>${t("scheduled.none")}</h2>
    <p>${t("scheduled.how")}</p>
  </div>`;
}

/** @param {{ message: Scheduled, isBusy: boolean, act: (action: () => Promise<unknown>) => Promise<boolean> }} props */
function ScheduledRow({ message, isBusy, act }) {
  const { id, room, text = "", at, refused } = message;
  const chat = useChat();
  const info = useSelected((state) => state.rooms.get(room)?.info);
  const [menu, setMenu] = useState(/** @type {DOMRect | null} */ (null));
  const [isEdited, setEdited] = useState(false);
  const path = `/me/scheduled/${id}`;
  const about = { text: preview(text, MOST_TEXT) };
  const remove = async () => {
    const isSure = await confirm({ title: t("scheduled.deleteTitle"), text: about.text, action: t("scheduled.delete"), danger: true });
    if (isSure) await act(() => chat.call("DELETE", path));
  };
  const why = refused && problemText({ ...refused, message: refused.text });
  return html`<li class="scheduled">
    <p class=${refused ? "saved-time is-due" : "saved-time"}>${icon(refused ? "warning" : "clock", { size: 14 })} ${refused ? t("scheduled.refused", { why: why ?? "" }) : t("scheduled.time", { time: futureTime(at) })}</p>
    <p class="scheduled-room">${info ? html`<a href=${`/room/${room}`}><bdi>${roomName(info)}</bdi></a>` : html`<span class="soft">${t("scheduled.gone")}</span>`}</p>
    <p class="hit-text" dir="auto">${text}</p>
    <div class="scheduled-actions">
      <button type="button" class="button small" disabled=${isBusy} aria-label=${t("scheduled.nowOne", about)} onClick=${() => act(() => chat.call("POST", `${path}/send`))}>${t("scheduled.now")}</button>
      <button type="button" class="button small quiet" disabled=${isBusy} aria-label=${t("scheduled.editOne", about)} onClick=${() => setEdited(true)}>${t("scheduled.edit")}</button>
      <button type="button" class="button small quiet" disabled=${isBusy} aria-label=${t("scheduled.timeOne", about)} onClick=${(/** @type {any} */ event) => setMenu(event.currentTarget.getBoundingClientRect())}>${t("scheduled.reschedule")}</button>
      <button type="button" class="icon-button" disabled=${isBusy} aria-label=${t("scheduled.deleteOne", about)} title=${t("scheduled.delete")} onClick=${remove}>${icon("trash", { size: 18 })}</button>
    </div>
    ${menu && html`<${TimeMenu} at=${menu} label=${t("scheduled.send")} action=${t("scheduled.action")} chosen=${refused ? undefined : at} onChoose=${(/** @type {number} */ time) => act(() => chat.call("PATCH", path, { at: time }))} onClose=${() => setMenu(null)} />`}
    ${isEdited && html`<${EditText} message=${message} onClose=${() => setEdited(false)} />`}
  </li>`;
}

/** @param {{ message: Scheduled, onClose: () => void }} props */
function EditText({ message: { id, text = "" }, onClose }) {
  const chat = useChat();
  const most = useSelected((state) => state.server.limits.text) || 4000;
  const { act, isBusy, error } = useAction();
  const [now, setNow] = useState(text);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (now.trim() === text || (await act(() => chat.call("PATCH", `/me/scheduled/${id}`, { text: now })))) onClose();
  };
  return html`<${Dialog} title=${t("scheduled.edit")} onClose=${onClose}>
    <form onSubmit=${submit}>
      <${Field} label=${t("scheduled.text")} rows=${5} maxlength=${most} required autofocus value=${now} onInput=${setNow} />
      <${FormError} text=${error} />
      <div class="dialog-actions"><${Submit} label=${t("scheduled.save")} isBusy=${isBusy} disabled=${!now.trim()} /></div>
    </form>
  <//>`;
}
