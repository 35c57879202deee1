// The draft of a room: what is written is kept, and is there again after a reload; an edit puts it aside for as long as it lasts.

import { useEffect, useRef } from "../../vendor/preact.js";
import { setComposerTarget, composerTarget, onComposerTarget } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../shared/composer_target.js").ComposerTarget} ComposerTarget */

/** What is written is kept this long, in ms, after the last key. */
const PAUSE = 300;

/** Edits that were left for another place, by room: the message, its text when the edit was begun, and the text so far. @type {Map<number, { seq: number, original: string, text: string }>} */
const left = sessionMap();

/**
 * @param {number} room
 * @param {ComposerTarget} target
 * @param {string} text
 * @param {(text: string) => void} setText
 * @returns {{ original: string, acceptOriginal: (text: string) => void, now: () => import("../../model/types").Draft, clear: () => void }} `original` is the text that is being edited;
 *   `acceptOriginal` takes another for it, which was seen; `now` is the draft, also while it is put aside
 */
export function useDraft(room, target, text, setText) {
  const chat = useChat();
  const edit = editOf(target);
  const reply = target && "reply" in target ? target.reply : undefined;
  const it = useRef({
    ...{ text: "", aside: "", original: "", isRead: false },
    edit: /** @type {number | null} */ (null),
    reply: /** @type {number | undefined} */ (undefined),
  }).current;
  it.text = text;
  it.reply = reply;

  useEffect(() => {
    chat.readDraft(room).then((draft) => {
      it.isRead = true;
      if (draft && it.edit !== null) it.aside ||= draft.text;
      if (!draft || it.text || it.edit !== null) return;
      setText(draft.text);
      if (draft.reply) setComposerTarget(room, { reply: draft.reply });
    });
  }, [chat, room]);

  const turnTo = (/** @type {number | null} */ edit) => {
    if (edit === it.edit) return;
    if (it.edit === null) it.aside = it.text;
    it.edit = edit;
    const text = edit === null ? "" : (chat.get().rooms.get(room)?.messages.get(edit)?.text ?? "");
    const before = left.get(room);
    left.delete(room);
    const begun = before?.seq === edit ? before : { original: text, text };
    it.original = begun.original;
    setText(edit === null ? it.aside : begun.text);
  };
  useEffect(() => turnTo(edit), [edit]);
  // Not only when it is drawn: what is typed right after "Edit" belongs to the edit.
  useEffect(() => onComposerTarget(room, () => turnTo(editOf(composerTarget(room)))), [room]);

  useEffect(() => {
    if (!it.isRead || edit !== null) return undefined;
    const keep = () => chat.saveDraft(room, draftOf(text, reply));
    const timer = setTimeout(keep, PAUSE);
    addEventListener("pagehide", keep);
    return () => {
      clearTimeout(timer);
      removeEventListener("pagehide", keep);
    };
  }, [text, reply, edit]);

  useEffect(
    () => () => {
      if (it.edit !== null) left.set(room, { seq: it.edit, original: it.original, text: it.text });
      if (it.isRead) chat.saveDraft(room, it.edit === null ? draftOf(it.text, it.reply) : { text: it.aside });
    },
    [chat, room],
  );

  return {
    get original() {
      return it.original;
    },
    acceptOriginal: (/** @type {string} */ text) => {
      it.original = text;
    },
    now: () => (it.edit === null ? draftOf(it.text, it.reply) : { text: it.aside }),
    clear: () => {
      it.text = "";
      it.reply = undefined;
      chat.saveDraft(room, { text: "" });
    },
  };
}

/** @param {ComposerTarget} target @returns {number | null} the message that is edited */
function editOf(target) {
  return target && "edit" in target ? target.edit : null;
}

/** @param {string} text @param {number | undefined} reply @returns {import("../../model/types").Draft} */
function draftOf(text, reply) {
  return reply === undefined ? { text } : { text, reply };
}
