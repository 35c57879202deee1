// The profiles of those who wrote what is shown: they are requested once on each connection, and watched for changes.

import { useEffect, useRef } from "../../vendor/preact.js";
import { useChat, useSelected } from "../shared/context.js";
import { sessionMap } from "../shared/session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Person} Person */

/** People of one request, and most who are watched: those of the newest messages. */
const MOST = 100;

/** Milliseconds for which the senders stay the same before they are requested: in a burst they change with each message. */
const DELAY = 100;

/** Those requested on the current connection. @type {Map<number, true>} */
const requested = sessionMap();

/** @param {readonly number[]} senders of the messages that are shown, in order */
export function useSenders(senders) {
  const chat = useChat();
  const isLive = useSelected(({ connection, server }) => connection.state === "live" && server.features.includes("pictures"));
  const newest = [...new Set(senders.toReversed())].slice(0, MOST);
  const ids = newest.sort((one, other) => one - other).join();
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), []);
  useEffect(() => {
    if (!isLive) requested.clear(); // profiles may change until the next connection
  }, [isLive]);
  useEffect(() => {
    if (!ids || !isLive) return undefined;
    const timer = setTimeout(() => {
      const people = ids.split(",").map(Number);
      stop.current();
      stop.current = chat.watch(people);
      void request(chat, people);
    }, DELAY);
    return () => clearTimeout(timer);
  }, [chat, ids, isLive]);
}

/** @param {Chat} chat @param {readonly number[]} ids */
async function request(chat, ids) {
  const people = ids.filter((id) => !requested.has(id));
  if (people.length === 0) return;
  for (const id of people) requested.set(id, true);
  try {
    const found = /** @type {{ people?: Person[] }} */ (await chat.request("profiles", { people }));
    chat.keepPeople(found.people ?? []);
  } catch {
    for (const id of people) requested.delete(id); // the next connection, or another sender, requests them again
  }
}
