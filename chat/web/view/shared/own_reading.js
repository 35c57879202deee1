// What a feature knows for one person beside the rooms: read with each connection, and again after a change of all of it.

import { useEffect, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "./context.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */

/** Milliseconds after which it is tried again if the server could not answer. */
const RETRY_AFTER = 10_000;

/** How often it is read again because a part changed meanwhile. */
const MOST_TRIES = 5;

/**
 * @param {string} feature that the server must have
 * @param {(state: State) => { events: number, changes: number } | undefined} known counts the events so far, and those that change all of it
 * @param {(chat: Chat) => Promise<() => void>} read resolves to a function that stores what was read
 */
export function useOwnReading(feature, known, read) {
  const chat = useChat();
  const isLive = useSelected(({ connection, server }) => connection.state === "live" && server.features.includes(feature));
  const changes = useSelected((state) => known(state)?.changes ?? 0);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!isLive) return undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isOver = false;
    readWhole(chat, known, read).catch((/** @type {import("../../model/types").ChatError} */ { code, retryMs = RETRY_AFTER }) => {
      if (!isOver && code !== "forbidden") timer = setTimeout(() => setTries(tries + 1), retryMs);
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [chat, isLive, changes, tries]);
}

/** @param {Chat} chat @param {(state: State) => { events: number } | undefined} known @param {(chat: Chat) => Promise<() => void>} read */
async function readWhole(chat, known, read) {
  const events = () => known(chat.get())?.events ?? 0;
  for (let tries = 1; ; tries++) {
    const before = events();
    const store = await read(chat);
    if (events() === before || tries === MOST_TRIES) return store(); // else it may lack what has changed
  }
}
