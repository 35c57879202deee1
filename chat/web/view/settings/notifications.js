// Notifications of this browser, with a test.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";

/** @typedef {"granted" | "denied" | "default" | "missing"} Permission */

export function Notifications() {
  const chat = useChat();
  const [permission, setPermission] = useState(permissionState);
  const [isTested, setTested] = useState(false);
  const { act, isBusy, error } = useAction();
  const allow = async () => {
    await chat.answerNotificationOffer(true);
    setPermission(permissionState());
  };
  const test = async () => setTested(await act(show));
  return html`
    <p class="soft">${t("notifications.text")}</p>
    <p class="notice">${icon(permission === "granted" ? "bell" : "bell_off")} <span>${t(`notifications.${permission}`)}</span></p>
    ${(permission === "default" || permission === "granted") &&
    html`<div class="actions">
      ${permission === "default" && html`<button type="button" class="button primary" onClick=${allow}>${t("notifications.allow")}</button>`}
      ${permission === "granted" && html`<button type="button" class="button primary" disabled=${isBusy} onClick=${test}>${t("notifications.test")}</button>`}
      ${isTested && html`<span class="soft" role="status">${t("notifications.tested")}</span>`}
    </div>`}
    <${FormError} text=${error} />
    <p>${t("notifications.rooms")}</p>
    <p class="soft small">${t("notifications.push")}</p>
  `;
}

/** @returns {Permission} */
function permissionState() {
  return "Notification" in globalThis && navigator.serviceWorker ? Notification.permission : "missing";
}

/** Shown by the service worker, as phones require. */
async function show() {
  const worker = await navigator.serviceWorker.ready;
  await worker.showNotification(t("notifications.test_title"), { body: t("notifications.test_text"), tag: "test" });
}
