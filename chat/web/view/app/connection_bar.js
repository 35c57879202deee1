// The bar that shows since when the page is offline and how many messages are pending. Online it shows other notices.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { refusalText, t, tn } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { useIsOnline } from "../shared/online.js";
import { lazy } from "../shared/lazy.js";
import { clock } from "../shared/times.js";

const LostNotice = lazy(() => import("./lost.js"), "LostNotice");

/** Milliseconds until a connecting page shows that it is connecting. */
const CONNECTING_AFTER = 2000;

export function ConnectionBar() {
  const [isLost, isOutdated] = useSelected((state) => [state.lost !== null, state.isOutdated]);
  const bar = useConnectionState();
  const isShown = isLost && !bar && !isOutdated;
  const wasShown = useRef(false);
  wasShown.current = isShown || (isLost && wasShown.current);
  // Once shown, it stays while the connection comes and goes, because its list may be open.
  return html`${bar ?? html`<${Notice} />`}${wasShown.current && html`<${LostNotice} isBarShown=${isShown} />`}`;
}

/** What the bar shows of the connection; null online. */
function useConnectionState() {
  const connection = useSelected((state) => state.connection);
  const pending = useSelected((state) => state.outbox.filter((one) => !one.refused).length);
  const isOnline = useIsOnline();
  const isLate = useIsConnectingLong(connection.state === "connecting");
  if (connection.state === "offline" && connection.why === "too_many_tabs") {
    return html`<div class="connection-bar is-offline" role="status">${icon("offline")}<span>${t("connection.too_many_tabs")}</span></div>`;
  }
  if (connection.state === "offline" && connection.why === "banned") {
    const { refusal: { code = "forbidden", message = "", reason = "address_banned", appeal = "" } = {} } = connection;
    const said = [refusalText({ code, text: message, reason }), appeal && `${t("sign_in.appeal")} ${appeal}`].filter(Boolean).join(" ");
    return html`<div class="connection-bar is-offline" role="status">${icon("block")}<span>${said}</span></div>`;
  }
  if (connection.state === "offline") {
    return html`<div class="connection-bar is-offline" role="status">
      ${icon("offline")}
      <span>${t(isOnline ? "connection.unreachable" : "connection.offline", { time: clock(connection.since) })}${pending > 0 && html`<span>, ${tn("connection.pending", pending)}</span>`}</span>
    </div>`;
  }
  if (isLate) return html`<div class="connection-bar" role="status"><span class="spinner"></span>${t("connection.connecting")}</div>`;
  return null;
}

let isStorageNoticeClosed = false;

/** One notice at a time. */
function Notice() {
  const chat = useChat();
  const [isOutdated, offersNotifications, isPersistent, isLost] = useSelected((state) => [state.isOutdated, state.offersNotifications, state.isPersistent, state.lost !== null]);
  const [, redraw] = useState(0);
  if (isOutdated) {
    return html`<div class="connection-bar" role="status">
      <span>${t("common.outdated")}</span>
      <button type="button" class="button small" onClick=${() => location.reload()}>${t("common.reload")}</button>
    </div>`;
  }
  if (isLost) return null; // LostNotice is shown
  if (offersNotifications) {
    return html`<div class="connection-bar" role="status">
      ${icon("bell")}<span>${t("connection.notify")}</span>
      <button type="button" class="button small primary" onClick=${() => chat.answerNotificationOffer(true)}>${t("connection.notify_yes")}</button>
      <button type="button" class="button small" onClick=${() => chat.answerNotificationOffer(false)}>${t("connection.notify_no")}</button>
    </div>`;
  }
  if (isPersistent || isStorageNoticeClosed) return null;
  const close = () => {
    isStorageNoticeClosed = true;
    redraw(1);
  };
  return html`<div class="connection-bar" role="status">
    <span>${t("connection.not_stored")}</span>
    <button type="button" class="button small" onClick=${close}>${t("common.close")}</button>
  </div>`;
}

/** @param {boolean} isConnecting */
function useIsConnectingLong(isConnecting) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isConnecting) return undefined;
    const timer = setTimeout(() => setLate(true), CONNECTING_AFTER);
    return () => clearTimeout(timer);
  }, [isConnecting]);
  return isLate;
}
