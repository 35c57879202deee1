// What was said in a closed conversation. It is no room of the operator, so it is asked for and not kept.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../context.js";
import { problemText } from "../problem.js";
import { dayAndTime } from "../times.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {{ messages: Message[], first: boolean, isBusy: boolean, problem: string | null }} Told */

/** @param {{ room: number }} props */
export function Past({ room }) {
  const { told, earlier } = useMessages(room);
  return html`<div class="past">
    ${!told.first && !told.isBusy && html`<button type="button" class="button quiet small" onClick=${earlier}>${t("inbox.earlier")}</button>`}
    ${told.isBusy && html`<span class="spinner"></span>`}
    ${told.problem && html`<p class="notice danger" role="alert">${told.problem}</p>`}
    <ol class="list">
      ${told.messages.map(
        (message) => html`<li key=${message.seq} class="past-message">
          <p><bdi class="past-name">${message.sender.name}</bdi> <time class="soft small">${dayAndTime(message.at)}</time></p>
          <p class=${message.deleted ? "soft past-text" : "past-text"} dir="auto">${textOf(message)}</p>
        </li>`,
      )}
    </ol>
  </div>`;
}

/** @param {Message} message @returns {string} */
function textOf(message) {
  if (message.deleted) return t("inbox.deleted");
  return message.text || t("inbox.file");
}

/** @param {number} room @returns {{ told: Told, earlier: () => void }} */
function useMessages(room) {
  const chat = useChat();
  const [told, setTold] = useState(/** @type {Told} */ ({ messages: [], first: false, isBusy: true, problem: null }));
  const load = async () => {
    setTold({ ...told, isBusy: true, problem: null });
    try {
      const before = told.messages[0] ? `before=${told.messages[0].seq}&` : "";
      /** @type {{ messages: Message[], first: boolean }} */
      const page = await chat.call("GET", `/rooms/${room}/messages?${before}limit=50`);
      setTold({ messages: [...page.messages, ...told.messages], first: page.first, isBusy: false, problem: null });
    } catch (error) {
      setTold({ ...told, isBusy: false, problem: problemText(error) });
    }
  };
  useEffect(() => void load(), []);
  return { told, earlier: () => void load() };
}
