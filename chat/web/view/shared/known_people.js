// People by id. Those that the state lacks are requested from the server, once and one after the other.

import { useEffect, useReducer } from "../../vendor/preact.js";
import { useChat, useSelected } from "./context.js";
import { sessionMap } from "./session_memory.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Person} Person */

/** Null while the request runs, and for people whom the server does not know. @type {Map<number, Person | null>} */
const requested = sessionMap();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Promise<void>} */
let requests = Promise.resolve();

/**
 * The people with these ids, in order; undefined for those not known yet.
 * @param {readonly number[]} ids
 * @returns {(Person | undefined)[]}
 */
export function usePeople(ids) {
  const chat = useChat();
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const isLive = useSelected((state) => ids.length > 0 && state.connection.state === "live");
  const known = useSelected((state) => ids.map((id) => (id === state.me?.id ? state.me : state.people.get(id))));
  const unknown = ids.filter((_, i) => !known[i]).join();
  useEffect(() => {
    if (!unknown) return undefined;
    const redraw = () => draw(0);
    listeners.add(redraw);
    if (isLive) for (const id of unknown.split(",")) request(chat, Number(id));
    return () => void listeners.delete(redraw);
  }, [chat, unknown, isLive]);
  return ids.map((id, i) => known[i] ?? requested.get(id) ?? undefined);
}

/** @param {Chat} chat @param {number} id */
function request(chat, id) {
  if (requested.has(id)) return;
  requested.set(id, null);
  requests = requests.then(async () => {
    try {
      requested.set(id, /** @type {Person} */ (await chat.call("GET", `/people/${id}`)));
      for (const listener of listeners) listener();
    } catch (error) {
      const { code } = /** @type {import("../../model/types").ChatError} */ (error);
      if (code !== "not_found") requested.delete(id); // the next connection requests it again
    }
  });
}
