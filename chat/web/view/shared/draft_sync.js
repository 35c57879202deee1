// Keeps the text of a composer on the server, and takes what was typed on other devices.

import { afterReading, isOffered, isRead, keptAt, knownOf, placeOf } from "../../model/drafts.js";
import { change, isSame, LEAST, newPlace, PAUSE, quietAt, receive, restore, settle, storedOf, textOf } from "../../model/draft_place.js";
import { useEffect, useRef } from "../../vendor/preact.js";
import { useChat, useSelected } from "./context.js";
import { sessionMap } from "./session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/draft_place.js").Text} Text */
/** @typedef {import("../../model/draft_place.js").Place} Place */
/** @typedef {{ room: number, thread?: number }} Where */

/** This page among one's devices. */
const DEVICE = crypto.randomUUID();

/** The texts of this page, by place. @type {Map<string, Place>} */
const places = sessionMap();
/** Drafts that wait until they are sent, by place. @type {Map<string, { where: Where, from: number }>} */
const waiting = sessionMap();
/** Drafts that are under way, by place. @type {Map<string, Promise<void>>} */
const sending = sessionMap();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let sentAt = 0;
/** The connection over which drafts are read. @type {unknown} */
let readOver;
let isComposing = false;
addEventListener("compositionstart", () => (isComposing = true));
addEventListener("compositionend", () => (isComposing = false));

/** @param {Where} where @returns {Place} */
function placeAt(where) {
  const key = placeOf(where);
  const known = places.get(key) ?? newPlace();
  places.set(key, known);
  return known;
}

/** A draft as this browser stores it. @param {number} room @param {Text} draft */
export function asStored(room, draft) {
  const place = placeAt({ room });
  change(place, draft, Date.now());
  return storedOf(place);
}

/** A draft that this browser had stored. @param {number} room @param {Text & { at?: number, typed?: number }} stored */
export function fromStored(room, stored) {
  const place = placeAt({ room });
  if (!place.now.text && place.typed === undefined) restore(place, stored);
}

/**
 * @param {{ room: number, thread?: number, text: string, reply?: number, isOff?: boolean, take: (draft: Text) => void }} options
 *   `isOff`: the text is no draft now; `take` puts another draft into the field
 */
export function useDraftSync({ room, thread, text, reply, isOff = false, take }) {
  const chat = useChat();
  const key = placeOf({ room, thread });
  const isOn = useSelected(isOffered);
  const isLive = useSelected((state) => state.connection.state === "live");
  const isKnown = useSelected(isRead);
  const kept = useSelected((state) => keptAt(state, key));
  const latest = useRef(take);
  latest.current = take;

  useEffect(() => {
    if (isOn && isLive && !isKnown) readDrafts(chat);
    // Those of rooms that are not shown were typed while offline.
    if (isOn && isLive) for (const [key, place] of places) if (place.typed !== undefined) sendLater(chat, whereOf(key));
  }, [chat, isOn, isLive, isKnown]);

  useEffect(() => {
    if (isOff || !isOn) return;
    const place = placeAt({ room, thread });
    change(place, textOf({ text, reply }), Date.now());
    if (place.typed !== undefined && isLive) sendLater(chat, { room, thread });
  }, [chat, key, text, reply, isOff, isOn, isLive]);

  useEffect(() => {
    if (isOff || !isOn || !kept) return undefined;
    const place = placeAt({ room, thread });
    if (kept.device === DEVICE && !isSame(place.now, textOf(kept))) return undefined; // it was typed on since
    /** @type {ReturnType<typeof setTimeout>} */
    let timer;
    const apply = () => {
      const wait = kept.device === DEVICE ? 0 : Math.max(quietAt(place) - Date.now(), isComposing ? PAUSE : 0);
      if (wait > 0) timer = setTimeout(apply, wait);
      else {
        const next = receive(place, kept);
        if (next) latest.current(next);
      }
    };
    apply();
    return () => clearTimeout(timer);
  }, [key, kept, isOff, isOn]);
}

/** @param {string} key what placeOf() makes @returns {Where} */
export function whereOf(key) {
  const [room = 0, thread] = key.split("/").map(Number);
  return { room, ...(thread && { thread }) };
}

/** Read this person's drafts, once over a connection. @param {Chat} chat */
export async function readDrafts(chat) {
  const { connection } = chat.get();
  if (readOver === connection) return;
  readOver = connection;
  try {
    const { drafts } = /** @type {import("../../protocol").DraftList} */ (await chat.call("GET", "/me/drafts"));
    chat.setOwn("drafts", afterReading(knownOf(chat.get()), drafts, connection));
  } catch {
    // The next connection reads them.
  }
}

/** Send a place's text after a pause of its own, and not soon after another one. @param {Chat} chat @param {Where} where */
function sendLater(chat, where) {
  const { text, reply } = placeAt(where).now;
  const isSent = text === "" && !reply; // nothing is typed any more
  waiting.set(placeOf(where), { where, from: isSent ? 0 : Date.now() + PAUSE });
  arm(chat);
}

/** @param {Chat} chat */
function arm(chat) {
  clearTimeout(timer);
  const [first] = [...waiting].sort(([, one], [, other]) => one.from - other.from);
  if (!first) return;
  const [key, { where, from }] = first;
  timer = setTimeout(
    () => {
      waiting.delete(key);
      send(chat, where);
      arm(chat);
    },
    from && Math.max(from, sentAt + LEAST) - Date.now(),
  );
}

/** @param {Chat} chat @param {Where} where */
async function send(chat, where) {
  const key = placeOf(where);
  const place = placeAt(where);
  await sending.get(key);
  const { now, typed } = place;
  const state = chat.get();
  if (typed === undefined || state.connection.state !== "live" || [...now.text].length > (state.server.limits.text || 4000)) return;
  sentAt = Date.now();
  const fields = { ...where, ...now, age: Math.max(0, sentAt - typed), device: DEVICE };
  const answered = chat.request("save_draft", fields).then(
    (kept) => {
      const { text = "", reply, at } = /** @type {import("../../protocol").Draft} */ (kept);
      const answer = { ...textOf({ text, reply }), at };
      const isOurs = settle(place, now, typed, answer, Date.now());
      chat.setOwn("drafts", withKept(chat, key, { ...answer, ...(isOurs && { device: DEVICE }) }));
      // The field was emptied meanwhile, and no key comes that would send it.
      if (place.typed !== undefined && !place.now.text) sendLater(chat, where);
    },
    () => {}, // it is sent with the next key or connection
  );
  sending.set(key, answered);
  await answered;
  if (sending.get(key) === answered) sending.delete(key);
}

/** Delete a draft, also from the fields of all open pages. @param {Chat} chat @param {Where} where */
export async function deleteDraft(chat, { room, thread }) {
  const { at } = /** @type {import("../../protocol").Draft} */ (await chat.call("PUT", `/rooms/${room}/draft`, { ...(thread && { thread }), text: "" }));
  chat.setOwn("drafts", withKept(chat, placeOf({ room, thread }), { text: "", at }));
}

/** @param {Chat} chat @param {string} key @param {import("../../model/drafts.js").Kept} kept */
function withKept(chat, key, kept) {
  const known = knownOf(chat.get());
  const places = new Map(known?.places);
  if ((places.get(key)?.at ?? 0) <= kept.at) places.set(key, kept);
  return { ...known, places };
}
