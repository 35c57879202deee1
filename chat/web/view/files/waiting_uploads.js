// Messages that wait for uploads in rooms that are not shown: each is sent once its files are uploaded. If the person
// returns earlier, it is in the composer again.

import { useEffect } from "../../vendor/preact.js";
import { attachmentStatus, putBackAttachments, releasePreviews, showChanges, takeAttachments, useUploading } from "./attachments.js";
import { composerTarget, setComposerTarget } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { asStored } from "../shared/draft_sync.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Draft} Draft */

/** @type {Map<number, Draft>} */
const drafts = sessionMap();

/** Send the message once its uploads are complete, although its composer is gone. @param {number} room @param {Draft} draft */
export function sendAfterUploads(room, draft) {
  drafts.set(room, draft);
  showChanges(); // the last upload may just have ended
}

/** Take the message back into the composer, if it still waits. @param {number} room */
export function takeWaitingDraft(room) {
  const draft = drafts.get(room);
  drafts.delete(room);
  return draft;
}

/** Sends these messages; rendered once, whatever place is shown. */
export function WaitingUploads() {
  const chat = useChat();
  const hasFiles = useUploading();
  useEffect(() => {
    // Files are not stored, so the browser asks before it closes the page.
    const ask = (/** @type {Event} */ event) => event.preventDefault();
    if (hasFiles) addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [hasFiles]);
  useEffect(() => {
    for (const room of [...drafts.keys()]) send(chat, room);
  });
  return null;
}

/** @param {Chat} chat @param {number} room */
async function send(chat, room) {
  const files = attachmentStatus(room);
  if (files.isBusy) return;
  const draft = takeWaitingDraft(room);
  if (!draft || files.isBad || !(draft.text.trim() || files.count)) return; // failed uploads are shown in the room
  const { text, reply } = draft;
  const taken = takeAttachments(room);
  const target = composerTarget(room);
  if (target && "reply" in target) setComposerTarget(room, null); // an edit continues
  chat.saveDraft(room, asStored(room, { text: "" }));
  try {
    await chat.send(room, text.trim(), { ...(reply ? { reply } : {}), ...(taken.length ? { files: files.ready } : {}) });
    releasePreviews(taken);
  } catch {
    putBackAttachments(room, taken);
    chat.saveDraft(room, asStored(room, draft));
  }
}
