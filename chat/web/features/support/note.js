// A private note among the lines of a conversation.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../../view/controls/dialog.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { personName } from "../../view/shared/names.js";
import { dayAndTime, messageTime } from "../../view/shared/times.js";
import { pieces } from "./links.js";

/** @typedef {import("../../protocol").Note} Note */

/** @param {{ room: number, note: Note, tab: 0 | -1 }} props `tab`: the tabindex of its controls */
export function NoteBox({ room, note, tab }) {
  const chat = useChat();
  const me = useSelected((state) => state.me);
  const author = useSelected((state) => state.people.get(note.by.id)) ?? note.by;
  const { act, isBusy, error } = useAction();
  const mayRemove = me?.id === note.by.id || me?.roles?.includes("admin");
  const remove = async () => {
    const isSure = await confirm({ title: t("notes.remove_title"), action: t("notes.remove"), danger: true });
    if (isSure) await act(() => chat.call("DELETE", `/support/${room}/notes/${note.id}`));
  };
  return html`<div class="note" role="group" aria-label=${t("notes.by", { name: personName(author) })}>
    <p class="note-head small">
      ${icon("lock", { size: 14 })}
      <span><bdi class="note-author">${personName(author)}</bdi> · ${t("notes.private")} · <time title=${dayAndTime(note.at)}>${messageTime(note.at)}</time></span>
      ${
        mayRemove &&
        html`<button type="button" class="icon-button" disabled=${isBusy} tabindex=${tab} title=${t("notes.remove")} aria-label=${t("notes.remove_one")}
            onClick=${remove}>${icon("trash", { size: 16 })}</button>`
      }
    </p>
    <p class="note-text" dir="auto">${pieces(note.text).map((piece) =>
      piece.isLink ? html`<a href=${piece.text} target="_blank" rel="noopener noreferrer nofollow" tabindex=${tab}>${piece.text}</a>` : piece.text,
    )}</p>
    ${error && html`<p class="small is-bad" role="alert">${error}</p>`}
  </div>`;
}
