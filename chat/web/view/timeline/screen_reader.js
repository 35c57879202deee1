// Says new messages of the open room to screen readers: a line for one, a number where more come at once.

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
  const told = useRef({ room: info.id, seq: info.seq });
  const pause = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const tell = () => {
    pause.current = undefined;
    const now = chat.get().rooms.get(told.current.room);
    if (!now) return;
    const said = [];
    for (let { seq } = told.current; seq < now.info.seq; seq++) {
      const message = now.messages.get(seq + 1);
      if (message && isToTell(chat.get(), message)) said.push(message);
    }
    told.current = { room: now.info.id, seq: now.info.seq };
    if (said.length === 1) announce(`${said[0].sender.name}: ${summaryOf(said[0])}`);
    else if (said.length > 1) announce(tn("timeline.toldMany", said.length, { room: roomName(now.info) }));
    if (said.length) pause.current = setTimeout(tell, PAUSE);
  };
  useEffect(() => {
    if (told.current.room !== info.id || info.seq < told.current.seq) told.current = { room: info.id, seq: info.seq };
    else if (info.seq > told.current.seq && pause.current === undefined) tell();
  }, [info.id, info.seq, messages]);
  useEffect(() => () => clearTimeout(pause.current), []);
}

/** @param {import("../../model/types").State} state @param {import("../../model/types").Message} message */
function isToTell({ me, blocked }, { kind, sender, deleted }) {
  return kind !== "join" && sender.id !== me?.id && !blocked.has(sender.id) && !deleted;
}
