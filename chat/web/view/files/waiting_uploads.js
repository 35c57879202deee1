// Messages that wait for their files in rooms that one has left: each is sent as soon as they are up. Whoever comes back
// before that finds it where it was written.

import { useEffect } from "../../vendor/preact.js";
import { releasePreviews, putBackAttachments, attachmentStatus, take, useUploading } from "./attachments.js";
import { setComposerTarget, composerTarget } from "../shared/composer_target.js";
import { useChat } from "../shared/context.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Draft} Draft */

/** @type {Map<number, Draft>} */
const awaiting = sessionMap();

/** One leaves the room: the message goes without its composer. @param {number} room @param {Draft} draft */
export function sendAfterUploads(room, draft) {
  awaiting.set(room, draft);
}

/** The message of a room that one comes back to, which still waits for its files. @param {number} room */
export function takeWaitingDraft(room) {
  const draft = awaiting.get(room);
  awaiting.delete(room);
  return draft;
}

/** Sends what is left. There once, whatever place is shown. */
export function WaitingUploads() {
  const chat = useChat();
  const hasFiles = useUploading();
  useEffect(() => {
    // Texts are kept, files are not: the browser asks before it closes the page.
    const ask = (/** @type {Event} */ event) => event.preventDefault();
    if (hasFiles) addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [hasFiles]);
  useEffect(() => {
    for (const room of [...awaiting.keys()]) send(chat, room);
  });
  return null;
}

/** @param {Chat} chat @param {number} room */
async function send(chat, room) {
  const files = attachmentStatus(room);
  if (files.isBusy) return;
  const draft = takeWaitingDraft(room);
  if (!draft || files.isBad || !(draft.text.trim() || files.count)) return; // What failed is told where it is attached.
  const { text, reply } = draft;
  const taken = take(room);
  const target = composerTarget(room);
  if (target && "reply" in target) setComposerTarget(room, null); // An edit goes on.
  chat.saveDraft(room, { text: "" });
  try {
    await chat.send(room, text.trim(), { ...(reply ? { reply } : {}), ...(taken.length ? { files: files.ready } : {}) });
    releasePreviews(taken);
  } catch {
    putBackAttachments(room, taken);
    chat.saveDraft(room, draft);
  }
}
