// Open conversations that the first sync has left out. They are requested page by page, and live from then on.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "../shared/context.js";
import { problemText } from "../shared/problem.js";

/** @typedef {import("../../model/support_queue.js").Part} Part */

/**
 * `more` loads the next ones of a part of the inbox.
 * @param {Part} part
 * @returns {{ isBusy: boolean, problem: string, more: () => Promise<void> }}
 */
export function useMoreOpen(part) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  const left = useSelected((state) => (part === "closed" ? 0 : (state.leftOut?.[part] ?? 0)));
  const after = useRef(/** @type {Record<string, string>} */ ({}));
  const isAsked = useRef(false);
  const [{ isBusy, problem }, set] = useState({ isBusy: false, problem: "" });

  const isLive = useSelected((state) => state.connection.state === "live");
  useEffect(() => set({ isBusy: false, problem: "" }), [part, isLive]); // after a failure it is tried again

  /** Load a page; true: the part has more rows than before, or nothing more is to be had. */
  const loadPage = async () => {
    const query = new URLSearchParams({ state: "open", limit: "100", after: after.current[part] ?? "" });
    if (part === "mine") query.set("assignee", String(me));
    /** @type {import("../../protocol").Conversations} */
    const { rooms: infos, next } = await chat.call("GET", `/support?${query}`);
    const { rooms } = chat.get();
    const isNew = infos.some(({ id }) => !rooms.has(id));
    await chat.enterConversations(infos.filter(({ support }) => support?.person.id !== me));
    after.current[part] = next ?? ""; // after the last page again from the first: the order may have changed
    return isNew || !next;
  };
  const more = async () => {
    if (left === 0 || isAsked.current || problem) return;
    isAsked.current = true;
    set({ isBusy: true, problem: "" });
    try {
      while (!(await loadPage()));
      set({ isBusy: false, problem: "" });
    } catch (error) {
      set({ isBusy: false, problem: problemText(/** @type {any} */ (error)) });
    }
    isAsked.current = false;
  };
  return { isBusy, problem, more };
}
