// What this person has kept for later, over all rooms: saved messages, the last saved first, scheduled ones, and drafts.

import { html, useRef, useState } from "../../vendor/preact.js";
import { changesOf, placeOf } from "../../features/saved/changes.js";
import { ReminderMenu } from "../../features/saved/reminder_menu.js";
import { reminderOf, reminderText, SAVE, savedOf, setReminder, setSaved } from "../../features/saved/saved.js";
import { isOffered } from "../../features/scheduled/changes.js";
import { t } from "../../i18n/index.js";
import { isOffered as hasDrafts } from "../../model/drafts.js";
import { preview } from "../../model/text.js";
import { FormError, MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { lazy } from "../shared/lazy.js";
import { usePages } from "../shared/loading.js";
import { useTitle } from "../shared/title.js";
import { Hit } from "./hit.js";

const DraftList = lazy(() => import("./draft_list.js"), "DraftList");
const ScheduledList = lazy(() => import("./scheduled_list.js"), "ScheduledList");

/** @typedef {import("../../model/types").Message} Message */

/** A tick. Icon's paths. */
const DONE = ["M5 12.5l4.5 4.5L19 7.5"];

/** Characters of a message in the name of its button. */
const MOST_TEXT = 80;

/** @param {{ tab: string }} props */
export function Saved({ tab }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const tabs = [
    { name: "saved", href: "/saved", label: t("saved.tab"), view: html`<${SavedList} heading=${heading} />`, isOffered: true },
    { name: "scheduled", href: "/saved?tab=scheduled", label: t("scheduled.title"), view: html`<${ScheduledList} />`, isOffered: useSelected(isOffered) },
    { name: "drafts", href: "/saved?tab=drafts", label: t("drafts.title"), view: html`<${DraftList} />`, isOffered: useSelected(hasDrafts) },
  ].filter((each) => each.isOffered);
  const current = tabs.find(({ name }) => name === tab) ?? tabs[0];
  useTitle(current === tabs[0] ? t("saved.title") : current.label);
  return html`<main class="place-body search saved">
    <header class="place-head">
      <a class="icon-button place-back" href="/" aria-label=${t("shell.back")}>${icon("back")}</a>
      <h1 tabindex="-1" ref=${heading}>${t("saved.title")}</h1>
    </header>
    ${
      tabs.length > 1 &&
      html`<nav class="later-tabs" aria-label=${t("saved.tabs")}>
        ${tabs.map((each) => html`<a key=${each.name} href=${each.href} aria-current=${each === current ? "page" : undefined}>${each.label}</a>`)}
      </nav>`
    }
    <div class="search-hits">${current.view}</div>
  </main>`;
}

/** @param {{ heading: { current: HTMLElement | null } }} props */
function SavedList({ heading }) {
  const chat = useChat();
  const places = useSelected((state) => savedOf(state)?.places);
  const added = useSelected((state) => savedOf(state)?.added ?? 0);
  const rooms = useSelected((state) => state.rooms.size); // another one: what one may read has changed
  const changed = useSelected((state) => changesOf(state.rooms, savedOf(state)?.places)); // also of messages that are not loaded
  const pages = usePages(
    async (after) => {
      const { saved = [], next } = /** @type {import("../../protocol").SavedMessages} */ (await chat.call("GET", `/me/saved${after ? `?after=${after}` : ""}`));
      return { items: saved, next };
    },
    [added, rooms, changed],
  );
  const { act, isBusy, error } = useAction();
  const done = async (/** @type {Message} */ message) => {
    if (await act(() => setSaved(chat, message, false))) heading.current?.focus(); // its button is gone
  };
  const remind = (/** @type {Message} */ message, /** @type {number | undefined} */ time) => act(() => setReminder(chat, message, time));
  const items = pages.items?.filter(({ message }) => places?.has(placeOf(message)) ?? true);
  return html`
    <${FormError} text=${error} />
    ${!items && !pages.error && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${items?.length === 0 && !pages.hasMore && html`<${Empty} />`}
    <ol class="list hits" aria-label=${t("saved.list")} aria-busy=${!items && !pages.error}>
      ${items?.map(({ message }) => html`<${SavedRow} key=${placeOf(message)} message=${message} isBusy=${isBusy} onDone=${done} onRemind=${remind} />`)}
    </ol>
    <${MoreButton} pages=${pages} />`;
}

function Empty() {
  return html`<div class="empty" role="status">
    ${icon(SAVE, { size: 32 })}
    <h2>${t("saved.none")}</h2>
    <p>${t("saved.how")}</p>
  </div>`;
}

/** A message as the page has it, or else as it was read. @param {{ message: Message, isBusy: boolean, onDone: (message: Message) => void, onRemind: (message: Message, time: number | undefined) => void }} props */
function SavedRow({ message: read, isBusy, onDone, onRemind }) {
  const me = useSelected((state) => state.me?.id);
  const message = useSelected((state) => state.rooms.get(read.room)?.messages.get(read.seq)) ?? read;
  const reminder = useSelected((state) => reminderOf(state, read));
  const [menu, setMenu] = useState(/** @type {DOMRect | null} */ (null));
  if (message.deleted) return null;
  const text = preview(message.text ?? "", MOST_TEXT) || message.files?.[0]?.name || "";
  return html`<${Hit} hit=${{ message, pieces: [] }} me=${me}>
    ${reminder && html`<p class=${reminder.due ? "saved-time is-due" : "saved-time"}>${icon("clock", { size: 14 })} ${reminderText(reminder)}</p>`}
    <button type="button" class="icon-button" disabled=${isBusy} aria-label=${t("saved.remindOne", { text })} title=${t("saved.remind")} onClick=${(/** @type {any} */ event) => setMenu(event.currentTarget.getBoundingClientRect())}>${icon("clock")}</button>
    ${menu && html`<${ReminderMenu} message=${message} at=${menu} onSet=${(/** @type {number | undefined} */ time) => onRemind(message, time)} onClose=${() => setMenu(null)} />`}
    <button type="button" class="icon-button" disabled=${isBusy} aria-label=${t("saved.doneOne", { text })} title=${t("saved.done")} onClick=${() => onDone(message)}>${icon(DONE)}</button>
  <//>`;
}
