// Has the server fetch the preview of a link that stands in a composer, and gives it to the message once that is sent.

import { sessionMap } from "../../view/shared/session_memory.js";
import { firstLink } from "./links.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../protocol").FetchedPreview} FetchedPreview */

/** Previews that are kept while their links stand in composers. */
const MOST = 20;

/** By room and link. @type {Map<string, Promise<FetchedPreview | null>>} */
const fetched = sessionMap();

/** Links whose preview was removed before the message was sent, by room and link. @type {Map<string, true>} */
const removed = sessionMap();

/** @param {Chat} chat */
export function isOffered(chat) {
  const { connection, server } = chat.get();
  return connection.state === "live" && server.features.includes("previews");
}

/** A link's preview; null: it has none. It is fetched once. @param {Chat} chat @param {number} room @param {string} url @returns {Promise<FetchedPreview | null>} */
export function fetchPreview(chat, room, url) {
  const place = `${room} ${url}`;
  const known = fetched.get(place);
  if (known) return known;
  const found = /** @type {Promise<FetchedPreview>} */ (chat.call("POST", `/rooms/${room}/previews`, { url })).catch(() => null);
  fetched.set(place, found);
  if (fetched.size > MOST) fetched.delete(/** @type {string} */ (fetched.keys().next().value));
  return found;
}

/** The message shall have no preview of this link. @param {number} room @param {string} url */
export function leaveOut(room, url) {
  removed.set(`${room} ${url}`, true);
}

/** @param {number} room @param {string} url */
export function isLeftOut(room, url) {
  return removed.has(`${room} ${url}`);
}

/** Give a message that was just written the preview of its link. @param {Chat} chat @param {number} room @param {string} text @param {Promise<number>} sent */
export async function attachPreview(chat, room, text, sent) {
  const url = linkOf(text);
  if (!url || !isOffered(chat)) return;
  const place = `${room} ${url}`;
  if (removed.delete(place)) return void fetched.delete(place);
  const found = fetchPreview(chat, room, url);
  fetched.delete(place); // its picture can be one message's only
  const [preview, seq] = await Promise.all([found, sent]);
  if (!preview) return;
  await chat.call("PUT", `/rooms/${room}/previews/${seq}`, { preview: preview.token }).catch(() => undefined);
}

/** The link of a text that gets a preview: none that leads to this server. @param {string} text */
export function linkOf(text) {
  const link = firstLink(text);
  return link && new URL(link).origin !== location.origin ? link : "";
}
