// The private notes of conversations, as far as they are read: those of a conversation at a time, while it is shown.

import { t } from "../../i18n/index.js";
import { announce } from "../../view/shared/announce.js";
import { withNotes } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").Note} Note */
/** @typedef {import("../../protocol").NotesPage} NotesPage */
/** @typedef {import("./changes.js").Own} Own */

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 10_000;

/** @type {readonly Note[]} */
const NONE = [];

/** Older servers have no notes. @param {State} state */
export function hasNotes({ server }) {
  return server.features.includes("notes");
}

/** The known notes of a conversation, the oldest first. @param {State} state @param {number} room */
export function notesIn({ own }, room) {
  return ownOf(own)?.notes.get(room) ?? NONE;
}

/** @param {State["own"]} own @returns {Own | undefined} */
function ownOf(own) {
  return /** @type {Own | undefined} */ (own.support);
}

/**
 * Read the notes of a conversation, and again after each change and each time that the page was offline.
 * @param {Chat} chat @param {number} room @returns {() => void} stops it
 */
export function readNotesWhileShown(chat, room) {
  let readAt = -1; // the number of changes
  let isBusy = false;
  let isOver = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const changes = () => ownOf(chat.get().own)?.changes.get(room) ?? 0;

  const read = async () => {
    const before = changes();
    try {
      const found = await allNotes(chat, room);
      if (isOver) return;
      announceNew(chat.get(), room, found);
      chat.setOwn("support", withNotes(ownOf(chat.get().own), room, found));
      readAt = before;
    } catch (error) {
      const { code, retryMs = RETRY_AFTER } = /** @type {import("../../model/types").ChatError} */ (error);
      if (code === "forbidden" || code === "not_found") isOver = true;
      else timer = setTimeout(check, retryMs);
    } finally {
      isBusy = false;
    }
    if (timer === undefined) check();
  };
  const check = () => {
    timer = undefined;
    const state = chat.get();
    if (state.connection.state !== "live") readAt = -1; // changes may have been missed
    else if (!isOver && !isBusy && hasNotes(state) && readAt !== changes()) {
      isBusy = true;
      void read();
    }
  };
  check();
  const stop = chat.subscribe(() => timer === undefined && check());
  return () => {
    isOver = true;
    clearTimeout(timer);
    stop();
  };
}

/** @param {Chat} chat @param {number} room @returns {Promise<Note[]>} */
async function allNotes(chat, room) {
  const found = [];
  for (let after = ""; ; ) {
    const { notes, next } = /** @type {NotesPage} */ (await chat.call("GET", `/support/${room}/notes?limit=100${after}`));
    found.push(...notes);
    if (next === undefined) return found.reverse();
    after = `&after=${next}`;
  }
}

/** @param {State} state @param {number} room @param {readonly Note[]} found */
function announceNew(state, room, found) {
  const before = ownOf(state.own)?.notes.get(room);
  const newest = found.at(-1);
  if (!before || !newest || newest.by.id === state.me?.id || newest.id <= (before.at(-1)?.id ?? 0)) return;
  announce(t("notes.new", { name: newest.by.name, text: newest.text }));
}
