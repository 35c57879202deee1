// A room's section: its slow mode, which those who moderate the room set.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FormError } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { durationText } from "../../view/shared/durations.js";

/** Seconds that are offered. */
const CHOICES = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600];

/** @param {{ info: import("../../model/types").RoomInfo, rights: import("../../model/rights.js").Rights }} props */
export function Choice({ info, rights }) {
  const chat = useChat();
  const { act, error, isBusy } = useAction();
  const now = info.slow_mode ?? 0;
  const choices = [0, ...CHOICES, ...(CHOICES.includes(now) || !now ? [] : [now])].sort((one, other) => one - other);
  const set = (/** @type {number} */ seconds) => act(() => chat.call("PUT", `/rooms/${info.id}/slow_mode`, { seconds }));
  return html`<section class="room-rule">
    <h3>${t("slow.title")}</h3>
    ${
      rights.canModerate
        ? html`<select aria-label=${t("slow.title")} aria-describedby="slow-mode-hint" value=${now} disabled=${isBusy}
            onChange=${(/** @type {any} */ event) => set(Number(event.target.value))}>
            ${choices.map((each) => html`<option key=${each} value=${each} selected=${each === now}>${said(each)}</option>`)}
          </select>`
        : html`<p class="soft">${said(now)}</p>`
    }
    <p id="slow-mode-hint" class="soft small">${t("slow.hint")}</p>
    <${FormError} text=${error} />
  </section>`;
}

/** @param {number} seconds @returns {string} */
function said(seconds) {
  return seconds ? durationText(seconds) : t("slow.off");
}
