// The server's own emoji: read once they are needed, and again after each change.

import { useEffect, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "./context.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../protocol").CustomEmojiList} CustomEmojiList */

/** @type {CustomEmojiList} */
const NONE = { emoji: [] };

let known = NONE;
/** The change that they are known up to. */
let version = "";
/** @type {Promise<CustomEmojiList> | null} */
let reading = null;
/** @type {Map<string, string>} */
let pictures = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/** All of them, by name. @param {Chat} chat @returns {Promise<CustomEmojiList>} */
export function readCustomEmoji(chat) {
  const { emoji = "", features } = chat.get().server;
  if (!features.includes("custom_emoji") || (emoji === version && known !== NONE)) return Promise.resolve(known);
  reading ??= chat.call("GET", "/emoji").then(
    (found) => {
      known = /** @type {CustomEmojiList} */ (found);
      version = emoji;
      pictures = new Map(known.emoji.map(({ name, picture }) => [name, picture]));
      for (const listen of listeners) listen();
      return known;
    },
  ).finally(() => {
    reading = null;
  });
  return reading;
}

/** The picture of an emoji of the server; undefined: there is none, or it is not known yet. @param {string} name */
export function useCustomEmoji(name) {
  const chat = useChat();
  const change = useSelected(({ server }) => server.emoji);
  const [, draw] = useState(0);
  useEffect(() => {
    if (!change) return undefined;
    const listen = () => draw((count) => count + 1);
    listeners.add(listen);
    readCustomEmoji(chat).catch(() => {}); // its name stays, until the next one is shown
    return () => void listeners.delete(listen);
  }, [chat, change]);
  return change ? pictures.get(name) : undefined;
}
