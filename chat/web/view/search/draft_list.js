// This person's drafts of all rooms, the last typed first: a link to where each goes on, and a button that deletes it.

import { html, useEffect, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isRead, knownOf } from "../../model/drafts.js";
import { preview } from "../../model/text.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { deleteDraft, readDrafts, whereOf } from "../shared/draft_sync.js";
import { roomName } from "../shared/names.js";

/** Characters of a draft in the name of its button. */
const MOST_TEXT = 80;

export function DraftList() {
  const chat = useChat();
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const isToRead = useSelected((state) => state.connection.state === "live" && !isRead(state));
  const places = useSelected(knownOf)?.places;
  const { act, isBusy, error } = useAction();
  useEffect(() => {
    if (isToRead) void readDrafts(chat);
  }, [chat, isToRead]);
  const drafts = [...(places ?? [])].filter(([, { text }]) => text.trim()).sort(([, one], [, other]) => other.at - one.at);
  const remove = async (/** @type {string} */ key) => {
    if (await act(() => deleteDraft(chat, whereOf(key)))) list.current?.focus(); // its button is gone
  };
  return html`
    <${FormError} text=${error} />
    ${!places && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${places && drafts.length === 0 && html`<${Empty} />`}
    <ol class="list hits" aria-label=${t("drafts.title")} tabindex="-1" ref=${list}>
      ${drafts.map(([key, { text }]) => html`<${DraftRow} key=${key} where=${whereOf(key)} text=${text} isBusy=${isBusy} onDelete=${() => remove(key)} />`)}
    </ol>`;
}

function Empty() {
  return html`<div class="empty" role="status">
    ${icon("edit", { size: 32 })}
    <h2>${t("drafts.none")}</h2>
    <p>${t("drafts.how")}</p>
  </div>`;
}

/** @param {{ where: { room: number, thread?: number }, text: string, isBusy: boolean, onDelete: () => void }} props */
function DraftRow({ where: { room, thread }, text, isBusy, onDelete }) {
  const info = useSelected((state) => state.rooms.get(room)?.info);
  if (!info) return null; // it goes with the room
  return html`<li class="scheduled draft">
    <p class="scheduled-room"><a href=${`/room/${room}${thread ? `?show=thread-${thread}` : ""}`}><bdi>${roomName(info)}</bdi>${thread && html` · ${t("threads.title")}`}</a></p>
    <p class="hit-text" dir="auto">${text}</p>
    <button type="button" class="icon-button" disabled=${isBusy} aria-label=${t("drafts.deleteOne", { text: preview(text, MOST_TEXT) })} title=${t("drafts.delete")} onClick=${onDelete}>${icon("trash", { size: 18 })}</button>
  </li>`;
}
