// What operators did with a support conversation, in lines below the messages that it followed. Others see none.

import { html } from "../../vendor/preact.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { useSelected } from "../../view/shared/context.js";
import { changes, withSteps } from "./changes.js";
import { SupportLines } from "./lines.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("./changes.js").History} History */

/** @type {import("../feature").Feature<typeof texts.en>} */
export const support = { ...changes, texts, Footer: Lines, onRoomShown: readWhileShown };

/** @param {Room | undefined} room @returns {History | undefined} */
function historyOf(room) {
  return /** @type {History | undefined} */ (room?.features.support);
}

/** Read what happened before the page was opened, also after a reset. @param {Chat} chat @param {number} id @returns {() => void} stops it */
function readWhileShown(chat, id) {
  let isAsked = false;
  const check = () => {
    const { connection, me, rooms } = chat.get();
    const room = rooms.get(id);
    if (!room || !isSomeoneElses(room.info, me?.id) || historyOf(room)?.isRead || isAsked || connection.state !== "live") return;
    isAsked = true;
    chat.call("GET", `/support/${id}/changes`).then(
      (/** @type {any} */ { changes: steps = [] }) => {
        chat.setRoomFeature(id, "support", { ...withSteps(historyOf(chat.get().rooms.get(id)), steps), isRead: true });
        isAsked = false; // a reset may drop it
      },
      () => {}, // an older server has none; the next look at the conversation asks again
    );
  };
  check();
  return chat.subscribe(check);
}

/** What happened after a message and before the next one. @param {import("../feature").MessagePartProps} props */
function Lines({ message: { room: id, seq, at } }) {
  const room = useSelected(({ rooms }) => (historyOf(rooms.get(id)) ? rooms.get(id) : undefined));
  const me = useSelected((state) => state.me?.id);
  if (!room?.info.support || !isSomeoneElses(room.info, me)) return null;
  const end = seq === room.info.seq ? Infinity : room.messages.get(seq + 1)?.at;
  if (end === undefined) return null; // the next one is not loaded, so it is unknown what is before it
  return html`<${SupportLines} steps=${historyOf(room)?.steps ?? []} person=${room.info.support.person.id} from=${at} until=${end} />`;
}
