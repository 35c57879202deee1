// Announces new messages of the open room to screen readers: one by its text, several by their number.

import { useEffect, useRef } from "../../vendor/preact.js";
import { tn } from "../../i18n/index.js";
import { announce } from "../shared/announce.js";
import { useChat } from "../shared/context.js";
import { roomName } from "../shared/names.js";
import { summaryOf } from "../message/quote.js";

/** @typedef {import("../../model/types").Room} Room */

const PAUSE = 1000;

/** @param {Room} room */
export function useAnnouncedMessages({ info, messages }) {
  const chat = useChat();
  const announced = useRef({ room: info.id, seq: info.seq });
  const pause = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const announceNew = () => {
    pause.current = undefined;
    const now = chat.get().rooms.get(announced.current.room);
    if (!now) return;
    const added = [];
    for (let { seq } = announced.current; seq < now.info.seq; seq++) {
      const message = now.messages.get(seq + 1);
      if (message && isAnnounced(chat.get(), message)) added.push(message);
    }
    announced.current = { room: now.info.id, seq: now.info.seq };
    if (added.length === 1) announce(`${added[0].sender.name}: ${summaryOf(added[0])}`);
    else if (added.length > 1) announce(tn("timeline.announcedMany", added.length, { room: roomName(now.info) }));
    if (added.length) pause.current = setTimeout(announceNew, PAUSE);
  };
  useEffect(() => {
    if (announced.current.room !== info.id || info.seq < announced.current.seq) announced.current = { room: info.id, seq: info.seq };
    else if (info.seq > announced.current.seq && pause.current === undefined) announceNew();
  }, [info.id, info.seq, messages]);
  useEffect(() => () => clearTimeout(pause.current), []);
}

/** @param {import("../../model/types").State} state @param {import("../../model/types").Message} message */
function isAnnounced({ me, blocked }, { kind, sender, deleted }) {
  return kind !== "join" && sender.id !== me?.id && !blocked.has(sender.id) && !deleted;
}
