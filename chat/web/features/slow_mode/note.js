// Above the field of a room in slow mode: how often one may send, and the time until the next message can go.

import { html, useEffect, useReducer } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useSelected } from "../../view/shared/context.js";
import { durationText, waitText } from "../../view/shared/durations.js";
import { isFree, nextSendAt } from "./turns.js";

/** @param {{ room: number, seconds: number }} props */
export function Note({ room, seconds }) {
  const isUnlimited = useSelected((state) => isFree(state, room));
  const until = useSelected((state) => nextSendAt(state, room));
  const isWaiting = useSelected((state) => state.outbox.some((each) => each.room === room && !each.refused));
  const left = useSecondsUntil(isUnlimited ? 0 : until);
  const said = left ? t(isWaiting ? "slow.waits" : "slow.next", { in: waitText(left) }) : t(isUnlimited ? "slow.free" : "slow.on", { time: durationText(seconds) });
  return html`<p class="slow-mode-note">${icon("clock", { size: 16 })} <span>${said}</span></p>`;
}

/** Whole seconds until a time, counted down to 0. @param {number} at in ms */
function useSecondsUntil(at) {
  const [, draw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const left = Math.max(0, at - Date.now());
  useEffect(() => {
    if (!left) return undefined;
    const timer = setTimeout(draw, left % 1000 || 1000);
    return () => clearTimeout(timer);
  });
  return Math.ceil(left / 1000);
}
