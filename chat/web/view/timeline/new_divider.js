// Places the divider above new messages, and marks messages as read.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "../shared/context.js";

/** @typedef {import("../../model/types").Room} Room */

/** Milliseconds that the end must be in sight until the room is marked as read. */
const READ_AFTER = 1000;

/**
 * The seq after which messages are new while the room is open: from when it was opened, or when the person looked away.
 * @param {Room} room
 * @param {import("./scroll_anchor.js").ScrollAnchor} anchor
 * @returns {number | undefined}
 */
export function useNewDivider({ info, messages }, anchor) {
  const me = useSelected((state) => state.me?.id);
  const kept = useRef({ newAfter: info.unread ? info.read : undefined, read: info.read, unread: info.unread ?? 0, seq: info.seq });
  const state = kept.current;
  const { read, unread = 0, seq } = info;
  if (read < state.read) state.newAfter = unread ? read : undefined;
  else if (unread > 0 && state.unread === 0 && (!document.hasFocus() || !anchor.isAtEnd())) state.newAfter = read;
  else if (seq > state.seq && messages.get(seq)?.sender.id === me) state.newAfter = undefined;
  Object.assign(state, { read, unread, seq });
  return state.newAfter;
}

/**
 * Mark the room as read while its end is in sight. After it was marked as unread, here or elsewhere, it stays so until the
 * person leaves the page and comes back.
 * @param {Room} room
 * @param {boolean} isAtEnd
 */
export function useReadMark({ info }, isAtEnd) {
  const chat = useChat();
  const isSeen = useIsPageSeen();
  const mark = useRef({ read: info.read, isMarkedUnread: false });
  if (info.read < mark.current.read) mark.current.isMarkedUnread = true;
  mark.current.read = info.read;
  const isToRead = isAtEnd && isSeen && info.seq > info.read && !mark.current.isMarkedUnread;
  useEffect(() => {
    if (!isSeen) mark.current.isMarkedUnread = false;
  }, [isSeen]);
  useEffect(() => {
    if (!isToRead) return undefined;
    const timer = setTimeout(() => {
      const now = chat.get().rooms.get(info.id);
      if (now) chat.markRead(info.id, now.info.seq).catch(() => undefined); // offline, the mark is sent with the next connection
    }, READ_AFTER);
    return () => clearTimeout(timer);
  }, [chat, info.id, info.read, isToRead]);
}

function useIsPageSeen() {
  const update = () => document.visibilityState === "visible" && document.hasFocus();
  const [isSeen, setSeen] = useState(update);
  useEffect(() => {
    const changed = () => setSeen(update());
    for (const event of ["focus", "blur"]) addEventListener(event, changed);
    document.addEventListener("visibilitychange", changed);
    return () => {
      for (const event of ["focus", "blur"]) removeEventListener(event, changed);
      document.removeEventListener("visibilitychange", changed);
    };
  }, []);
  return isSeen;
}
