// Reads and changes this person's folders.

import { useEffect, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { afterReading, foldersOf, isOffered, later } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../protocol").RoomFolders} RoomFolders */

/** A folder. An icon's paths. */
export const FOLDER = ["M3.5 6h6l2 2.5h9V19h-17z"];

/** Milliseconds after which they are read again if the server could not answer. */
const RETRY_AFTER = 30_000;

/** The folders, which are read with each connection. */
export function useFolders() {
  const chat = useChat();
  const isReadable = useSelected((state) => state.connection.state === "live" && isOffered(state));
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isReadable) return undefined;
    const before = foldersOf(chat.get());
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    chat.call("GET", "/me/folders").then(
      (read) => isOver || chat.setOwn("folders", afterReading(before, foldersOf(chat.get()), /** @type {RoomFolders} */ (read))),
      ({ retryMs = RETRY_AFTER }) => {
        if (!isOver) timer = setTimeout(() => setTries(tries + 1), retryMs);
      },
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isReadable, tries]);
  return useSelected((state) => foldersOf(state)?.folders);
}

/** Change the folders by a call, and return those now. @param {Chat} chat @param {string} method @param {string} path @param {object} [body] */
export async function changeFolders(chat, method, path, body) {
  const now = /** @type {RoomFolders} */ (await chat.call(method, path, body));
  chat.setOwn("folders", later(foldersOf(chat.get()), now));
  return now;
}

/** Put a room into a folder; without one, out of any. @param {Chat} chat @param {number} room @param {number} [folder] */
export function putIntoFolder(chat, room, folder) {
  return changeFolders(chat, "PUT", `/rooms/${room}/folder`, folder === undefined ? {} : { folder });
}
