// Why one was, or was not, notified of a message: the rule that decided, and what each device got.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { Dialog } from "../../view/controls/dialog.js";
import { useChat } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {import("../../i18n/index.js").Key} Key */
/** @typedef {import("../../protocol").Why} Decided */

/** @param {import("../feature").MessageDialogProps} props */
export function Why({ message: { room, seq }, onClose }) {
  const chat = useChat();
  const { value, error, reload } = useLoaded(() => read(chat, room, seq), [room, seq]);
  return html`<${Dialog} title=${t("why.action")} onClose=${onClose}>
    ${error && html`<p class="notice danger" role="alert">${error} <button type="button" class="button small" onClick=${reload}>${t("common.retry")}</button></p>`}
    ${!error && value === undefined && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    ${value && html`<p>${t(/** @type {Key} */ (`why.${value.decision}`))}</p>`}
    ${value && "rule" in value && value.rule && html`<p>${t(/** @type {Key} */ (`why.rule_${value.rule}`))}</p>`}
    ${value && "held_until" in value && value.held_until && html`<p>${t("why.held", { time: dayAndTime(value.held_until) })}</p>`}
    ${value && "at" in value && html`<p class="soft small">${t("why.at", { time: dayAndTime(value.at) })}</p>`}
    ${
      value?.deliveries &&
      html`<ul class="list">
        ${value.deliveries.map((each) => html`<li class="row" key=${each.at}><span class="row-text"><bdi>${each.device}</bdi><span class="soft small"> ${delivered(each)}</span></span></li>`)}
      </ul>`
    }
    ${value?.mail && html`<p>${t(/** @type {Key} */ (`why.mail_${value.mail.decision}`), { time: dayAndTime(value.mail.at) })}</p>`}
    ${value?.mail?.answer && value.mail.decision !== "sent" && html`<p class="soft small">${t("why.mail_answer", { answer: value.mail.answer })}</p>`}
    <p class="soft small">${t("why.settings")} <a href="/settings/notifications">${t("why.settings_link")}</a></p>
  <//>`;
}

/** What became of a push on a device, in order. @param {import("../../protocol").Delivery} delivery */
function delivered({ state, at, shown_at: shownAt, clicked_at: clickedAt }) {
  const steps = [t(/** @type {Key} */ (`why.device_${state}`), { time: dayAndTime(at) })];
  if (shownAt) steps.push(t("why.device_shown", { time: dayAndTime(shownAt) }));
  if (clickedAt) steps.push(t("why.device_clicked", { time: dayAndTime(clickedAt) }));
  return steps.join(", ");
}

/**
 * @param {import("../../model/types").Chat} chat
 * @param {number} room
 * @param {number} seq
 * @returns {Promise<Decided | { decision: "not_eligible", deliveries?: undefined, mail?: undefined }>}
 */
async function read(chat, room, seq) {
  try {
    return /** @type {Decided} */ (await chat.call("GET", `/rooms/${room}/messages/${seq}/why`));
  } catch (error) {
    if (isChatError(error) && error.code === "not_found") return { decision: "not_eligible" };
    throw error;
  }
}
