// People by their ids: those of the state, and of whom nobody has told the server is asked, once and one after the other.

import { useEffect, useReducer } from "../../vendor/preact.js";
import { useChat, useSelected } from "./context.js";
import { sessionMap } from "./session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Person} Person */

/** Null while the server is asked, and where it knows nobody. @type {Map<number, Person | null>} */
const asked = sessionMap();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Promise<void>} */
let asking = Promise.resolve();

/**
 * The people with these ids, in their order; undefined who is not known yet.
 * @param {readonly number[]} ids
 * @returns {(Person | undefined)[]}
 */
export function usePeople(ids) {
  const chat = useChat();
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const isLive = useSelected((state) => ids.length > 0 && state.connection.state === "live");
  const held = useSelected((state) => ids.map((id) => (id === state.me?.id ? state.me : state.people.get(id))));
  const unknown = ids.filter((_, i) => !held[i]).join();
  useEffect(() => {
    if (!unknown) return undefined;
    const look = () => draw(0);
    listeners.add(look);
    if (isLive) for (const id of unknown.split(",")) ask(chat, Number(id));
    return () => void listeners.delete(look);
  }, [chat, unknown, isLive]);
  return ids.map((id, i) => held[i] ?? asked.get(id) ?? undefined);
}

/** @param {Chat} chat @param {number} id */
function ask(chat, id) {
  if (asked.has(id)) return;
  asked.set(id, null);
  asking = asking.then(async () => {
    try {
      asked.set(id, /** @type {Person} */ (await chat.call("GET", `/people/${id}`)));
      for (const listener of listeners) listener();
    } catch (error) {
      const { code } = /** @type {import("../../model/types").ChatError} */ (error);
      if (code !== "not_found") asked.delete(id); // the next connection asks again
    }
  });
}
