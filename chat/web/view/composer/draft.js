// A room's draft: it is stored and survives a reload. An edit puts it aside until the edit ends.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { composerTarget, onComposerTarget, setComposerTarget } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { asStored, fromStored, useDraftSync } from "../shared/draft_sync.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../shared/composer_target.js").ComposerTarget} ComposerTarget */

/** Milliseconds after the last key until the draft is stored. */
const SAVE_DELAY = 300;

/** Unfinished edits by room: the message, its text when the edit began, and the text so far. @type {Map<number, { seq: number, original: string, text: string }>} */
const unfinished = sessionMap();

/**
 * @param {number} room
 * @param {ComposerTarget} target
 * @param {string} text
 * @param {(text: string) => void} setText
 * @returns {{ original: string, acceptOriginal: (text: string) => void, now: () => import("../../model/types").Draft, clear: () => void }} `original` is the message's text before the edit;
 *   `acceptOriginal` replaces it after the person has seen a newer one; `now` is the draft, also while it is put aside
 */
export function useDraft(room, target, text, setText) {
  const chat = useChat();
  const edit = editOf(target);
  const reply = target && "reply" in target ? target.reply : undefined;
  const state = useRef({
    ...{ text: "", aside: "", original: "", isRead: false },
    edit: /** @type {number | null} */ (null),
    reply: /** @type {number | undefined} */ (undefined),
  }).current;
  state.text = text;
  state.reply = reply;
  const [isRead, setRead] = useState(false);
  const take = (/** @type {{ text: string, reply?: number }} */ draft) => {
    setText(draft.text);
    setComposerTarget(room, draft.reply ? { reply: draft.reply } : null);
  };
  useDraftSync({ room, text, reply, isOff: edit !== null || !isRead, take });

  useEffect(() => {
    chat.readDraft(room).then((draft) => {
      state.isRead = true;
      if (draft) fromStored(room, draft);
      setRead(true);
      if (draft && state.edit !== null) state.aside ||= draft.text;
      if (!draft || state.text || state.edit !== null) return;
      setText(draft.text);
      if (draft.reply) setComposerTarget(room, { reply: draft.reply });
    });
  }, [chat, room]);

  const followTarget = () => {
    const edit = editOf(composerTarget(room));
    if (edit === state.edit) return;
    if (state.edit === null) state.aside = state.text;
    state.edit = edit;
    const text = edit === null ? "" : (chat.get().rooms.get(room)?.messages.get(edit)?.text ?? "");
    const before = unfinished.get(room);
    unfinished.delete(room);
    const begun = before?.seq === edit ? before : { original: text, text };
    state.original = begun.original;
    setText(edit === null ? state.aside : begun.text);
  };
  // Effects run after the paint, when the edit of their render may have ended: the current target counts. The listener runs
  // at once, because input right after "Edit" belongs to the edit.
  useEffect(followTarget, [edit]);
  useEffect(() => onComposerTarget(room, followTarget), [room]);

  useEffect(() => {
    if (!state.isRead || edit !== null) return undefined;
    const save = () => chat.saveDraft(room, asStored(room, draftOf(text, reply)));
    const timer = setTimeout(save, SAVE_DELAY);
    addEventListener("pagehide", save);
    return () => {
      clearTimeout(timer);
      removeEventListener("pagehide", save);
    };
  }, [text, reply, edit]);

  useEffect(
    () => () => {
      if (state.edit !== null) unfinished.set(room, { seq: state.edit, original: state.original, text: state.text });
      if (state.isRead) chat.saveDraft(room, asStored(room, state.edit === null ? draftOf(state.text, state.reply) : { text: state.aside }));
    },
    [chat, room],
  );

  return {
    get original() {
      return state.original;
    },
    acceptOriginal: (/** @type {string} */ text) => {
      state.original = text;
    },
    now: () => (state.edit === null ? draftOf(state.text, state.reply) : { text: state.aside }),
    clear: () => {
      state.text = "";
      state.reply = undefined;
      chat.saveDraft(room, asStored(room, { text: "" }));
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
