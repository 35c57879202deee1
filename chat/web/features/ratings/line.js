// How a conversation was rated, as a line below the message behind which it was closed.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../../view/shared/context.js";
import { personName } from "../../view/shared/names.js";
import { messageTime } from "../../view/shared/times.js";
import { afterReading, ratingBehind } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("./changes.js").Known} Known */

/** @param {import("../../model/types").State} state @returns {Known | undefined} */
function knownOf({ own }) {
  return /** @type {Known | undefined} */ (own.ratings);
}

/** @param {{ room: number, seq: number, person: { name: string, display?: string } }} props `person`: the conversation's */
export function RatingLine({ room, seq, person }) {
  const rating = useSelected((state) => ratingBehind(knownOf(state), room, seq));
  if (!rating) return null;
  return html`<div class="rating">
    <span class="soft small">${rating.rating === "good" ? "👍" : "👎"} ${t(`ratings.${rating.rating}`, { name: personName(person) })} · ${messageTime(rating.at)}</span>
    ${rating.comment && html`<p class="rating-comment" dir="auto">${rating.comment}</p>`}
  </div>`;
}

/** Read the ratings, and again after each event and each time that the page was offline. @param {Chat} chat @param {number} room @returns {() => void} stops it */
export function readRatingsWhileShown(chat, room) {
  let readAt = -1; // the number of events
  const check = () => {
    const state = chat.get();
    if (state.connection.state !== "live") readAt = -1;
    const now = knownOf(state)?.changes.get(room) ?? 0;
    if (state.connection.state !== "live" || readAt === now || !state.server.features.includes("ratings")) return;
    readAt = now;
    chat.call("GET", `/support/${room}/ratings`).then(
      (/** @type {any} */ { ratings = [] }) => chat.setOwn("ratings", afterReading(knownOf(chat.get()), room, ratings)),
      () => {}, // the next event or connection reads them
    );
  };
  check();
  return chat.subscribe(check);
}
