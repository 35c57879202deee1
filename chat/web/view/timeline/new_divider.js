// Where the line "new" stands, and when what is seen counts as read.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { useChat, useSelected } from "../shared/context.js";

/** @typedef {import("../../model/types").Room} Room */

/** The end must have been in sight for so long, in ms, to be read. */
const SEEN = 1000;

/**
 * The seq behind which all is new, for as long as the room is open: as it was opened, or since one looked away.
 * @param {Room} room
 * @param {import("./scroll_anchor.js").ScrollAnchor} place
 * @returns {number | undefined}
 */
export function useNewDivider({ info, messages }, place) {
  const me = useSelected((state) => state.me?.id);
  const kept = useRef({ newAfter: info.unread ? info.read : undefined, read: info.read, unread: info.unread ?? 0, seq: info.seq });
  const it = kept.current;
  const { read, unread = 0, seq } = info;
  if (read < it.read) it.newAfter = unread ? read : undefined;
  else if (unread > 0 && it.unread === 0 && (!document.hasFocus() || !place.isAtEnd())) it.newAfter = read;
  else if (seq > it.seq && messages.get(seq)?.sender.id === me) it.newAfter = undefined;
  Object.assign(it, { read, unread, seq });
  return it.newAfter;
}

/**
 * Reads the room while its end is in sight of somebody. Who marks it unread, here or elsewhere, has not read it until
 * they come back to it.
 * @param {Room} room
 * @param {boolean} isAtEnd
 */
export function useReadMark({ info }, isAtEnd) {
  const chat = useChat();
  const isSeen = useIsSeen();
  const mark = useRef({ read: info.read, isLeftUnread: false });
  if (info.read < mark.current.read) mark.current.isLeftUnread = true;
  mark.current.read = info.read;
  const isToRead = isAtEnd && isSeen && info.seq > info.read && !mark.current.isLeftUnread;
  useEffect(() => {
    if (!isSeen) mark.current.isLeftUnread = false;
  }, [isSeen]);
  useEffect(() => {
    if (!isToRead) return undefined;
    const timer = setTimeout(() => {
      const now = chat.get().rooms.get(info.id);
      if (now) chat.markRead(info.id, now.info.seq).catch(() => undefined); // Offline: it is read when one is back.
    }, SEEN);
    return () => clearTimeout(timer);
  }, [chat, info.id, info.read, isToRead]);
}

function useIsSeen() {
  const look = () => document.visibilityState === "visible" && document.hasFocus();
  const [isSeen, setSeen] = useState(look);
  useEffect(() => {
    const changed = () => setSeen(look());
    for (const event of ["focus", "blur"]) addEventListener(event, changed);
    document.addEventListener("visibilitychange", changed);
    return () => {
      for (const event of ["focus", "blur"]) removeEventListener(event, changed);
      document.removeEventListener("visibilitychange", changed);
    };
  }, []);
  return isSeen;
}
