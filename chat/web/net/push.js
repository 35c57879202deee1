// Push: notifications while the page is closed. The browser's push service delivers them and cannot read them.

/** @import { PushInfo } from "../protocol" */

/** @typedef {(method: string, path: string, body?: unknown) => Promise<any>} Call */

/** Set while this person has turned them off in this browser. */
const TURNED_OFF = "chat-push-off";

/** Whether the browser has them, and the person allows notifications. */
export function isPossible() {
  return "PushManager" in globalThis && "Notification" in globalThis && Notification.permission === "granted";
}

/** At the start of the page: send the subscription again, unless it is turned off here. @param {Call} call */
export async function renew(call) {
  if (isPossible() && !isTurnedOff()) await subscribe(call);
}

/** @param {Call} call @returns {Promise<PushInfo>} */
export async function turnOn(call) {
  remember(false);
  return subscribe(call);
}

/** @param {Call} call @returns {Promise<PushInfo>} */
export async function turnOff(call) {
  remember(true);
  const state = await call("DELETE", "/push/subscription");
  await (await subscription())?.unsubscribe();
  return state;
}

/** Rejects with the browser's error if its push service does not answer. @param {Call} call @returns {Promise<PushInfo>} */
async function subscribe(call) {
  const { key } = /** @type {PushInfo} */ (await call("GET", "/push"));
  let current = await subscription();
  if (current && keyOf(current) !== key) {
    await current.unsubscribe(); // the server has other keys now
    current = null;
  }
  const { pushManager } = await navigator.serviceWorker.ready;
  current ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = current.toJSON();
  return call("PUT", "/push/subscription", { endpoint, keys });
}

async function subscription() {
  return (await navigator.serviceWorker.ready).pushManager.getSubscription();
}

/** @param {PushSubscription} subscription */
function keyOf({ options: { applicationServerKey } }) {
  if (!applicationServerKey) return "";
  const binary = String.fromCharCode(...new Uint8Array(applicationServerKey));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Whether this person has turned them off in this browser. */
export function isTurnedOff() {
  try {
    return localStorage.getItem(TURNED_OFF) !== null;
  } catch {
    return false;
  }
}

/** @param {boolean} isOff */
function remember(isOff) {
  try {
    if (isOff) localStorage.setItem(TURNED_OFF, "1");
    else localStorage.removeItem(TURNED_OFF);
  } catch {
    // Without storage it is turned on again at the next start.
  }
}
