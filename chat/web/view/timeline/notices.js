// What floats over a timeline: buttons to new messages, to the end and back, and notices.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";

/**
 * @param {{ info: import("../../model/types").RoomInfo, at: import("./window.js").At }} props
 */
export function Pills({ info, at }) {
  const unread = info.unread ?? 0;
  return html`<div class="timeline-pills">
    ${
      at.isNewAbove &&
      html`<button type="button" class="pill is-above" onClick=${at.goToNew}>${icon("arrow_up", { size: 16 })} ${t("timeline.toNew")}</button>`
    }
    ${
      at.back !== null &&
      html`<button type="button" class="pill is-back" onClick=${() => at.goTo(at.back ?? 0)}>${icon("back", { size: 16 })} ${t("timeline.goBack")}</button>`
    }
    ${
      !at.isAtEnd &&
      html`<button type="button" class=${unread ? "pill is-new" : "pill is-round"} onClick=${at.goToEnd} title=${t("timeline.toEnd")}>
        ${icon("arrow_down", { size: 16 })} <span class="visually-hidden">${t("timeline.toEnd")}</span> ${unread > 0 && html`<span>${unread >= 100 ? t("timeline.newMany") : tn("timeline.newCount", unread)}</span>`}
      </button>`
    }
  </div>`;
}

/** @param {{ reset: import("../../model/types").Room["reset"] }} props */
export function ResetNotice({ reset }) {
  const [isShown, setShown] = useState(true);
  if (!reset || !isShown) return null;
  return html`<div class="timeline-reset" role="status">
    ${icon("info", { size: 18 })}
    <span>${t(`timeline.reset.${reset}`)}</span>
    <button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${() => setShown(false)}>${icon("close", { size: 16 })}</button>
  </div>`;
}

/** Why an action on a message failed. @param {{ text: string, onClose: () => void }} props */
export function Failure({ text, onClose }) {
  if (!text) return null;
  return html`<div class="timeline-failure" role="alert">
    ${icon("warning", { size: 18 })}
    <span>${text}</span>
    <button type="button" class="icon-button" aria-label=${t("common.close")} onClick=${onClose}>${icon("close", { size: 16 })}</button>
  </div>`;
}
