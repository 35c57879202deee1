// Scheduled messages: a button beside the send button, and what is scheduled in the room above the field. The list of all of
// them is loaded when it is shown (view/search/scheduled_list.js).

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { announce } from "../../view/shared/announce.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { problemText } from "../../view/shared/problem.js";
import { futureTime } from "../../view/shared/times.js";
import { changes, isOffered, isUnread, readScheduled, scheduledOf } from "./changes.js";
import * as texts from "./texts.js";

const TimeMenu = lazy(() => import("../../view/controls/time_menu.js"), "TimeMenu");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const scheduled = { ...changes, texts, SendButton, ComposerTray: Here };

/** @param {import("../feature").SendButtonProps} props */
function SendButton({ room, text, reply, isReady, onDone, onProblem }) {
  const chat = useChat();
  const isShown = useSelected((state) => isOffered(state) && !state.me?.roles?.includes("guest"));
  const [menu, setMenu] = useState(/** @type {DOMRect | null} */ (null));
  const [key, setKey] = useState(() => crypto.randomUUID()); // a repeated try schedules no second message
  if (!isShown) return null;
  const open = async (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) => {
    const at = event.currentTarget.getBoundingClientRect();
    await TimeMenu.load().then(() => setMenu(at), (error) => onProblem(problemText(error)));
  };
  const schedule = async (/** @type {number} */ at) => {
    try {
      await chat.call("POST", `/rooms/${room}/scheduled`, { key, text: text.trim(), at, ...(reply && { reply }) });
    } catch (error) {
      return onProblem(problemText(error));
    }
    setKey(crypto.randomUUID());
    onDone();
    announce(t("scheduled.done", { time: futureTime(at) }));
  };
  return html`<button type="button" class="icon-button composer-later" aria-haspopup="menu" title=${t("scheduled.send")} disabled=${!isReady} onClick=${open}>${icon("chevron_down", { size: 16 })}</button>
    ${menu && html`<${TimeMenu} at=${menu} label=${t("scheduled.send")} action=${t("scheduled.action")} onChoose=${schedule} onClose=${() => setMenu(null)} />`}`;
}

/** Above the field: what is scheduled in the room. @param {{ room: number }} props */
function Here({ room }) {
  const chat = useChat();
  const isToRead = useSelected(isUnread);
  const here = useSelected((state) => scheduledOf(state, room) ?? []);
  useEffect(() => {
    if (isToRead) readScheduled(chat).catch(() => {}); // the next connection reads them
  }, [chat, isToRead]);
  if (here.length === 0) return null;
  const waiting = here.find(({ refused }) => !refused);
  return html`<p class="scheduled-here">
    ${icon("clock", { size: 16 })}
    <span>${tn("scheduled.here", here.length)}${waiting && html`<span class="soft">, ${t("scheduled.next", { time: futureTime(waiting.at) })}</span>`}</span>
    <a href="/saved?tab=scheduled">${t("scheduled.show")}</a>
  </p>`;
}
