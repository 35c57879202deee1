// Shows which other operators look at a conversation, and sends that this one does.

import { useEffect, useRef } from "../../vendor/preact.js";
import { useChat, useSelected } from "../shared/context.js";

/** The server forgets viewing after 6 seconds and accepts it every 3. */
const REPEAT = 3000;
const TYPING = 6000;

/**
 * Send that this operator looks at a conversation while it is visible. While they type, the composer sends that instead,
 * because only the latest activity of a person is shown.
 * @param {number} room
 */
export function useViewing(room) {
  const chat = useChat();
  const typedAt = useRef(-Infinity);
  useEffect(() => {
    const typed = (/** @type {Event} */ event) => {
      if (event.target instanceof HTMLTextAreaElement && !event.target.closest(".note-composer")) typedAt.current = Date.now();
    };
    const send = () => {
      if (!document.hidden && Date.now() - typedAt.current > TYPING) chat.activity(room, "viewing");
    };
    const hidden = () => (document.hidden ? chat.activity(room, "none") : send());
    send();
    const timer = setInterval(send, REPEAT);
    document.addEventListener("input", typed);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      clearInterval(timer);
      document.removeEventListener("input", typed);
      document.removeEventListener("visibilitychange", hidden);
      chat.activity(room, "none");
    };
  }, [chat, room]);
}

/**
 * The other operators who look at a conversation or type in it.
 * @param {number} room
 * @param {number} person the conversation's person
 * @param {number} now in milliseconds
 * @returns {{ id: number, name: string, what: "typing" | "viewing" }[]}
 */
export function useOthers(room, person, now) {
  const me = useSelected((state) => state.me?.id);
  const activity = useSelected((state) => state.activity.get(room));
  if (!activity) return [];
  return [...activity]
    .filter(([id, { until }]) => id !== me && id !== person && until > now)
    .map(([id, { name, what }]) => ({ id, name, what }));
}
