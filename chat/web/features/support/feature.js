// What operators did with a support conversation, and their private notes, below the messages that they followed. Others
// see none.

import { html } from "../../vendor/preact.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { useSelected } from "../../view/shared/context.js";
import { changes, withSteps } from "./changes.js";
import { SupportLines } from "./lines.js";
import { notesIn, readNotesWhileShown } from "./notes.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").Room} Room */
/** @typedef {import("./changes.js").History} History */

/** @type {import("../feature").Feature<typeof texts.en>} */
export const support = { ...changes, texts, Footer: Lines, DeletedFooter: Lines, onRoomShown: readWhileShown };

/** Read what was before, as an operator. @param {Chat} chat @param {number} id @returns {() => void} stops it */
function readWhileShown(chat, id) {
  const ends = [readStepsWhileShown(chat, id)];
  const { rooms, me } = chat.get();
  const room = rooms.get(id);
  if (room && isSomeoneElses(room.info, me?.id)) ends.push(readNotesWhileShown(chat, id));
  return () => {
    for (const end of ends) end();
  };
}

/** @param {Room | undefined} room @returns {History | undefined} */
function historyOf(room) {
  return /** @type {History | undefined} */ (room?.features.support);
}

/** Read what happened before the page was opened, also after a reset. @param {Chat} chat @param {number} id @returns {() => void} stops it */
function readStepsWhileShown(chat, id) {
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
function Lines({ message, tab }) {
  const room = useSelected(({ rooms }) => (rooms.get(message.room)?.info.support ? rooms.get(message.room) : undefined));
  const me = useSelected((state) => state.me?.id);
  if (!room?.info.support || !isSomeoneElses(room.info, me)) return null;
  return html`<${LinesOf} room=${room} person=${room.info.support.person.id} message=${message} tab=${tab} />`;
}

/** @param {{ room: Room, person: number, message: import("../../model/types").Message, tab: 0 | -1 }} props */
function LinesOf({ room, person, message: { seq, at }, tab }) {
  const { id } = room.info;
  const notes = useSelected((state) => notesIn(state, id));
  // Where the next message is not loaded, it is unknown which lines are before it.
  const until = seq === room.info.seq ? Infinity : (room.messages.get(seq + 1)?.at ?? at);
  return html`<${SupportLines} steps=${historyOf(room)?.steps ?? []} person=${person} from=${at} until=${until}
    room=${id} notes=${notes.filter((note) => note.seq === seq)} tab=${tab} />`;
}
