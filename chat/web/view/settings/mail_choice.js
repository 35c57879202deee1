// After how long an unread message is mailed, and how to confirm the address first.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";

/** @typedef {import("../../protocol").MailChoice} MailChoice */
/** @typedef {import("../../i18n/index.js").Key} Key */

/** In seconds; 0: never. @type {readonly [number, Key][]} */
const CHOICES = [
  [0, "missed.never"],
  [900, "missed.quarter"],
  [3600, "missed.hour"],
  [86_400, "missed.day"],
];

export function MailChoices() {
  const chat = useChat();
  const { value, set, error: loadError } = useLoaded(() => /** @type {Promise<MailChoice>} */ (chat.call("GET", "/mail")), []);
  const { act, isBusy, error } = useAction();
  const choose = (/** @type {any} */ event) => {
    const after = Number(event.currentTarget.value);
    void act(async () => set(/** @type {MailChoice} */ (await chat.call("PATCH", "/mail", { after }))));
  };
  if (!value) return html`<${FormError} text=${loadError} />`;
  const isOther = !CHOICES.some(([seconds]) => seconds === value.after); // a program has chosen it
  return html`<div class="field">
      <label for="missed">${t("missed.title")}</label>
      <select id="missed" disabled=${isBusy || !value.confirmed} onChange=${choose}>
        ${CHOICES.map(([seconds, label]) => html`<option key=${seconds} value=${seconds} selected=${seconds === value.after}>${t(label)}</option>`)}
        ${isOther && html`<option value=${value.after} selected>${t("missed.other", { minutes: Math.round(value.after / 60) })}</option>`}
      </select>
      <p class="field-hint">${t("missed.hint")}</p>
    </div>
    ${!value.confirmed && html`<p class="notice"><span>${t("missed.unconfirmed")} <a href="/settings/profile">${t("missed.confirm")}</a></span></p>`}
    <${FormError} text=${error} />`;
}
