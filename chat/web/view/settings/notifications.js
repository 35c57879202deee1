// Notifications of this browser: whether they are allowed, what it shows while the page is closed, and a test.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { lazy } from "../shared/lazy.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { FormError } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { Push } from "./push.js";

const QuietHours = lazy(() => import("./quiet_hours.js"), "QuietHours");
const MailChoices = lazy(() => import("./mail_choice.js"), "MailChoices");

/** @typedef {"granted" | "denied" | "default" | "missing" | "ios"} Permission */

export function Notifications() {
  const chat = useChat();
  const [permission, setPermission] = useState(permissionState);
  const isMailed = useSelected((state) => state.server.features.includes("missed_mail"));
  const hasQuiet = useSelected((state) => state.server.features.includes("quiet_hours"));
  const allow = async () => {
    await chat.answerNotificationOffer(true);
    setPermission(permissionState());
  };
  return html`
    <p class="soft">${t("notifications.text")}</p>
    <p class="notice">${icon(permission === "granted" ? "bell" : "bell_off")} <span>${t(`notifications.${permission}`)}</span></p>
    ${permission === "default" && html`<div class="actions"><button type="button" class="button primary" onClick=${allow}>${t("notifications.allow")}</button></div>`}
    ${permission === "granted" && html`<${Push} other=${html`<${LocalTest} />`} />`}
    ${isMailed && html`<${MailChoices} />`}
    ${hasQuiet && html`<${QuietHours} />`}
    <p>${t("notifications.rooms")}</p>
  `;
}

/** @returns {Permission} */
function permissionState() {
  if ("Notification" in globalThis && navigator.serviceWorker) return Notification.permission;
  // On iPhones and iPads a page has notifications once it is on the home screen.
  return "standalone" in navigator && !navigator.standalone ? "ios" : "missing";
}

/** A test where notifications come from this page alone. */
function LocalTest() {
  const [isTested, setTested] = useState(false);
  const { act, isBusy, error } = useAction();
  const test = async () => setTested(await act(show));
  return html`
    <div class="actions">
      <button type="button" class="button primary" disabled=${isBusy} onClick=${test}>${t("notifications.test")}</button>
      ${isTested && html`<span class="soft" role="status">${t("notifications.tested")}</span>`}
    </div>
    <${FormError} text=${error} />`;
}

/** Shown by the service worker, as phones require. */
async function show() {
  const worker = await navigator.serviceWorker.ready;
  await worker.showNotification(t("notifications.test_title"), { body: t("notifications.test_text"), tag: "test" });
}
