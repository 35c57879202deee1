// Shows who is typing in a room, and sends that this person is. The line below the timeline keeps its space when empty.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { language, t, tn } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";

/** @param {{ room: number }} props */
export function Typing({ room }) {
  const activity = useSelected((state) => state.activity.get(room));
  const blocked = useSelected((state) => state.blocked);
  const me = useSelected((state) => state.me?.id);
  const [, draw] = useState(0);
  const now = Date.now();
  const typing = [...(activity ?? [])].filter(([id, { what, until }]) => what === "typing" && until > now && id !== me && !blocked.has(id));
  const next = Math.min(...typing.map(([, { until }]) => until));
  useEffect(() => {
    if (!Number.isFinite(next)) return undefined;
    const timer = setTimeout(() => draw((count) => count + 1), next - Date.now() + 1);
    return () => clearTimeout(timer);
  }, [next]);
  return html`<div class="timeline-typing" dir="auto">${typing.length > 0 && html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span>${inWords(typing.map(([, { name }]) => name))}`}</div>`;
}

/** @param {string[]} names */
function inWords(names) {
  if (names.length > 3) return t("timeline.typingMany");
  return tn("timeline.typing", names.length, { names: new Intl.ListFormat(language()).format(names) });
}

/** Milliseconds between two typing notices. */
const REPEAT = 3000;

/**
 * Sends typing notices.
 * @param {number} room
 * @returns {{ note: (text: string) => void, end: () => void }} `note`: the text has changed; `end`: it was sent
 */
export function useTyping(room) {
  const chat = useChat();
  const state = useRef({ sentAt: 0 }).current;
  const end = () => {
    if (state.sentAt) chat.activity(room, "none");
    state.sentAt = 0;
  };
  useEffect(() => end, [chat, room]);
  return {
    end,
    note: (text) => {
      if (!text.trim()) end();
      else if (Date.now() - state.sentAt >= REPEAT) {
        state.sentAt = Date.now();
        chat.activity(room, "typing");
      }
    },
  };
}
