// Ratings: operators see what the person thinks of the conversation, below the message behind which it was closed. In one's own
// conversation one rates it there.

import { html } from "../../vendor/preact.js";
import { isSomeoneElses } from "../../model/support_queue.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { changes } from "./changes.js";
import { RatingLine, readRatingsWhileShown } from "./line.js";
import * as texts from "./texts.js";

/** @typedef {import("../../model/types").Chat} Chat */

const Rate = lazy(() => import("./rate.js"), "Rate");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const ratings = { ...changes, texts, Footer: Line, DeletedFooter: Line, ComposerTray: Ask, onRoomShown: readWhileShown };

/** @param {import("../feature").MessagePartProps} props */
function Line({ message: { room, seq } }) {
  const person = useSelected(({ rooms }) => rooms.get(room)?.info.support?.person);
  return person && html`<${RatingLine} room=${room} seq=${seq} person=${person} />`;
}

/** @param {{ room: number }} props */
function Ask({ room }) {
  const chat = useChat();
  const isAsked = useSelected(({ rooms, me, server }) => {
    const info = rooms.get(room)?.info;
    return info?.support?.state === "closed" && info.support.person.id === me?.id && server.features.includes("ratings");
  });
  return isAsked ? html`<${Rate} call=${chat.call} />` : null;
}

/** Read them as an operator. @param {Chat} chat @param {number} id @returns {() => void} stops it */
function readWhileShown(chat, id) {
  const { rooms, me } = chat.get();
  const room = rooms.get(id);
  return room && isSomeoneElses(room.info, me?.id) ? readRatingsWhileShown(chat, id) : () => {};
}
