// What a list of messages does when this person sends one.

import { useLayoutEffect, useRef } from "../../vendor/preact.js";
import { useChat } from "./context.js";

/**
 * Call a function as soon as this person sends a message, which may be acknowledged before the page is drawn.
 * @param {() => void} act
 * @param {number} [room] where; without it in any room
 */
export function useSent(act, room) {
  const chat = useChat();
  const acting = useRef(act);
  acting.current = act;
  useLayoutEffect(() => {
    const newest = () => chat.get().outbox.findLast((one) => room === undefined || one.room === room)?.key;
    let known = newest();
    return chat.subscribe(() => {
      const now = newest();
      if (now !== undefined && now !== known) acting.current();
      known = now;
    });
  }, [chat, room]);
}
