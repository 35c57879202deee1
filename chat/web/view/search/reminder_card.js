// The reminders that are due, over whatever is shown, until they are done, put off or closed.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { dueOf, placeOf } from "../../features/saved/changes.js";
import { ReminderMenu } from "../../features/saved/reminder_menu.js";
import { reminderOf, savedOf, setReminder, setSaved } from "../../features/saved/saved.js";
import { t, tn } from "../../i18n/index.js";
import { preview } from "../../model/text.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { personName, roomName } from "../shared/names.js";
import { usePreference } from "../shared/preferences.js";

/** @typedef {import("../../protocol").SavedMessage} SavedMessage */

/** Reminders that are shown; there may be more. */
const MOST = 3;
const MOST_TEXT = 140;
const TAG = "reminders";

export function ReminderCard() {
  const chat = useChat();
  const [closed, setClosed] = usePreference("reminders-closed", "0");
  const due = useSelected((state) => dueOf(savedOf(state), state.rooms)).filter(({ at }) => at > Number(closed));
  const key = due.map((each) => `${placeOf(each)} ${each.at}`).join();
  const { value = [] } = useLoaded(async () => {
    if (!key) return [];
    const { saved = [] } = /** @type {import("../../protocol").SavedMessages} */ (await chat.call("GET", `/me/saved?limit=${MOST + 1}`));
    return saved;
  }, [key]);
  const places = new Set(due.map(placeOf));
  const shown = value.filter(({ message }) => places.has(placeOf(message))).slice(0, MOST);
  const { act, isBusy, error } = useAction();
  useNotification(due.length, shown[0]);
  if (shown.length === 0) return null;
  const close = () => setClosed(String(Math.max(...due.map(({ at }) => at))));
  return html`<section class="reminder-card" role="status" aria-label=${tn("saved.dueCount", due.length)}>
    <header>
      ${icon("clock", { size: 18 })}<h2>${tn("saved.dueCount", due.length)}</h2>
      <button type="button" class="icon-button" title=${t("common.close")} onClick=${close}>${icon("close", { size: 18 })}</button>
    </header>
    <ul class="list">
      ${shown.map((each) => html`<${DueRow} key=${placeOf(each.message)} message=${each.message} isBusy=${isBusy} act=${act} />`)}
    </ul>
    <${FormError} text=${error} />
    ${due.length > shown.length && html`<a class="button small" href="/saved">${t("saved.showAll")}</a>`}
  </section>`;
}

/** @param {{ message: import("../../model/types").Message, isBusy: boolean, act: (action: () => Promise<unknown>) => Promise<boolean> }} props */
function DueRow({ message, isBusy, act }) {
  const chat = useChat();
  const info = useSelected((state) => state.rooms.get(message.room)?.info);
  const sender = useSelected((state) => state.people.get(message.sender.id)) ?? message.sender;
  const [menu, setMenu] = useState(/** @type {DOMRect | null} */ (null));
  const text = preview(message.text ?? "", MOST_TEXT) || message.files?.[0]?.name || "";
  return html`<li>
    <a href=${`/room/${message.room}/${message.seq}`}>
      <span class="reminder-from"><bdi>${personName(sender)}</bdi>${info && info.kind !== "direct" && html` <bdi class="tag">${roomName(info)}</bdi>`}</span>
      <span class="reminder-text" dir="auto">${text}</span>
    </a>
    <div class="reminder-actions">
      <button type="button" class="button small primary" disabled=${isBusy} aria-label=${t("saved.doneOne", { text })} onClick=${() => act(() => setSaved(chat, message, false))}>${t("saved.done")}</button>
      <button type="button" class="button small" disabled=${isBusy} aria-label=${t("saved.remindOne", { text })} onClick=${(/** @type {any} */ event) => setMenu(event.currentTarget.getBoundingClientRect())}>${t("saved.snooze")}</button>
    </div>
    ${menu && html`<${ReminderMenu} message=${message} at=${menu} onSet=${(/** @type {number | undefined} */ time) => act(() => setReminder(chat, message, time))} onClose=${() => setMenu(null)} />`}
  </li>`;
}

/** A notification of the system, while the page is not looked at. A push with the same tag replaces it. @param {number} count @param {SavedMessage | undefined} first */
function useNotification(count, first) {
  const chat = useChat();
  const key = first && `${placeOf(first.message)} ${reminderOf(chat.get(), first.message)?.at}`;
  useEffect(() => {
    if (!first || document.hasFocus() || !("Notification" in globalThis) || Notification.permission !== "granted") return;
    const { room, seq, sender, text = "" } = first.message;
    const info = chat.get().rooms.get(room)?.info;
    const place = info && info.kind !== "direct" ? ` · ${roomName(info)}` : "";
    const options = { body: preview(text, MOST_TEXT), tag: TAG, data: { path: count > 1 ? "/saved" : `/room/${room}/${seq}` } };
    const title = `⏰ ${sender.name}${place}${count > 1 ? ` (+${count - 1})` : ""}`;
    void navigator.serviceWorker?.getRegistration().then((worker) => worker?.active && worker.showNotification(title, options));
  }, [key, count]);
}
