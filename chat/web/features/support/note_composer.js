// The field for a private note.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { announce } from "../../view/shared/announce.js";
import { useChat } from "../../view/shared/context.js";
import { TOUCH, useMedia } from "../../view/shared/media.js";
import { sessionMap } from "../../view/shared/session_memory.js";

/** Unfinished notes by room. @type {Map<number, string>} */
const drafts = sessionMap();

/** @param {{ room: number, onDone?: () => void }} props `onDone` is called when a note was added */
export function NoteComposer({ room, onDone }) {
  const chat = useChat();
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [text, setText] = useState(drafts.get(room) ?? "");
  const { act, isBusy, error } = useAction();
  const isTouch = useMedia(TOUCH);
  useEffect(() => field.current?.focus(), []);
  const change = (/** @type {string} */ next) => {
    setText(next);
    if (next.trim()) drafts.set(room, next);
    else drafts.delete(room);
  };
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const said = field.current?.value.trim();
    if (!said || isBusy) return;
    if (!(await act(() => chat.call("POST", `/support/${room}/notes`, { text: said })))) return;
    change("");
    announce(t("notes.added"));
    onDone?.();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey || (isTouch && !event.ctrlKey)) return;
    void add(event);
  };
  return html`<form class="composer note-composer" onSubmit=${add}>
    <div class="composer-field">
      <textarea ref=${field} rows="1" dir="auto" value=${text} maxlength="4000" aria-label=${t("notes.label")} placeholder=${t("notes.placeholder")}
        enterkeyhint=${isTouch ? "enter" : "send"} autocomplete="off" aria-describedby="note-hint" onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => change(event.target.value)}></textarea>
      <button type="submit" class="icon-button composer-send" title=${t("notes.add")} disabled=${!text.trim() || isBusy}>${icon("send")}</button>
    </div>
    <p id="note-hint" class=${error ? "composer-hint is-bad" : "composer-hint"} role=${error ? "alert" : undefined}>${error || t("notes.hint")}</p>
  </form>`;
}
