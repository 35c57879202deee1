// Notifications while the page is closed: on or off in this browser, with or without texts, and a test of each step.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { chatError, isChatError } from "../../net/errors.js";
import { isPossible, isTurnedOff, turnOff, turnOn } from "../../net/push.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { FormError } from "../controls/fields.js";

/** @typedef {import("../../protocol").PushInfo} PushInfo */
/** @typedef {import("../../protocol").PushTest} PushTest */

/** Of the notification that a test sends. */
const TEST_TAG = "test";

/** What is shown where the push service gave no answer, by the error of the server. @type {ReadonlyMap<string | null, import("../../i18n/index.js").Key>} */
const REFUSED = new Map([
  ["timeout", "push.step_silent"],
  ["unreachable", "push.step_unreachable"],
  ["bad_answer", "push.step_unclear"],
]);

/** @param {{ other: unknown }} props `other` is shown where this browser gets none while the page is closed */
export function Push({ other }) {
  const chat = useChat();
  const isOffered = useSelected((state) => state.server.features.includes("push"));
  const [canPush] = useState(isPossible);
  const { value: state, set, error: loadError } = useLoaded(async () => (isOffered && canPush ? await read(chat) : undefined), [isOffered, canPush]);
  const { act, isBusy, error } = useAction();
  if (!isOffered || !canPush) return html`<p class="soft small">${t("push.missing")}</p>${other}`;
  const change = (/** @type {() => Promise<PushInfo>} */ deed) => (/** @type {Event} */ event) => {
    event.preventDefault(); // it is checked once the server has changed it
    void act(async () => set(await browserErrors(deed)));
  };
  const isOn = state?.subscribed ?? false;
  return html`
    <label class="check">
      <input type="checkbox" checked=${isOn} disabled=${isBusy || !state} onClick=${change(() => (isOn ? turnOff : turnOn)(chat.call))} />
      <span>${t("push.closed")}<span class="field-hint">${t("push.closed_hint")}</span></span>
    </label>
    ${
      isOn &&
      html`<label class="check">
        <input type="checkbox" checked=${state?.text} disabled=${isBusy} onClick=${change(() => chat.call("PATCH", "/push", { text: !state?.text }))} />
        <span>${t("push.text")}<span class="field-hint">${t("push.text_hint")}</span></span>
      </label>`
    }
    <${FormError} text=${error || loadError} />
    ${isOn ? html`<${PushTest} />` : other}`;
}

/** The state; the page may not have subscribed yet. @param {import("../../model/types").Chat} chat @returns {Promise<PushInfo>} */
function read(chat) {
  return isTurnedOff() ? chat.call("GET", "/push") : browserErrors(() => turnOn(chat.call));
}

/** The result; an error of the browser becomes a text. @template T @param {() => Promise<T>} deed @returns {Promise<T>} */
async function browserErrors(deed) {
  try {
    return await deed();
  } catch (error) {
    if (isChatError(error)) throw error;
    throw chatError("internal", t("push.unreachable"));
  }
}

/** What happens with a test: the answer of the push service, and when the notification arrives here. */
function PushTest() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [answer, setAnswer] = useState(/** @type {PushTest | null} */ (null));
  const [hasArrived, setArrived] = useState(false);
  useEffect(() => {
    const receive = (/** @type {MessageEvent} */ { data }) => {
      if (data?.type === "pushed" && data.tag === TEST_TAG) setArrived(true);
    };
    navigator.serviceWorker.addEventListener("message", receive);
    return () => navigator.serviceWorker.removeEventListener("message", receive);
  }, []);
  const test = () => {
    setAnswer(null);
    setArrived(false);
    void act(async () => setAnswer(await chat.call("POST", "/push/test")));
  };
  return html`
    <div class="actions"><button type="button" class="button primary" disabled=${isBusy} onClick=${test}>${t("notifications.test")}</button></div>
    <div role="status"><ol class="push-steps">
      ${(isBusy || answer) && html`<li>${t("push.step_sent")}</li>`}
      ${answer?.sent && html`<li>${t("push.step_accepted", { seconds: answer.seconds.toFixed(1) })}</li>`}
      ${answer && !answer.sent && html`<li class="danger">${t(REFUSED.get(answer.error) ?? "push.step_refused", { status: answer.status ?? 0 })}</li>`}
      ${answer?.sent && html`<li>${t(hasArrived ? "push.step_arrived" : "push.step_waiting")}</li>`}
    </ol></div>
    <${FormError} text=${error} />`;
}
