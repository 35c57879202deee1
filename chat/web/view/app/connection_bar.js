// The bar that says that the line is down, how long and what waits. Where it is up: what else the page has to say or offer.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { useIsOnline } from "../shared/online.js";
import { clock } from "../shared/times.js";

/** A page that is only being opened says nothing for so long, in milliseconds. */
const PATIENCE = 2000;

export function ConnectionBar() {
  const connection = useSelected((state) => state.connection);
  const waiting = useSelected((state) => state.outbox.filter((one) => !one.refused).length);
  const isOnline = useIsOnline();
  const isLate = useLate(connection.state === "connecting");
  if (connection.state === "offline" && connection.why === "too_many_tabs") {
    return html`<div class="line-bar is-offline" role="status">${icon("offline")}<span>${t("line.too_many_tabs")}</span></div>`;
  }
  if (connection.state === "offline") {
    return html`<div class="line-bar is-offline" role="status">
      ${icon("offline")}
      <span>${t(isOnline ? "line.unreachable" : "line.offline", { time: clock(connection.since) })}${waiting > 0 && html`<span>, ${tn("line.waiting", waiting)}</span>`}</span>
    </div>`;
  }
  if (isLate) return html`<div class="line-bar" role="status"><span class="spinner"></span>${t("line.connecting")}</div>`;
  return html`<${Offer} />`;
}

let isStorageNoticeClosed = false;

/** One thing at a time. */
function Offer() {
  const chat = useChat();
  const [isOutdated, offersNotifications, isPersistent] = useSelected((state) => [state.isOutdated, state.offersNotifications, state.isPersistent]);
  const [, redraw] = useState(0);
  if (isOutdated) {
    return html`<div class="line-bar" role="status">
      <span>${t("common.outdated")}</span>
      <button type="button" class="button small" onClick=${() => location.reload()}>${t("common.reload")}</button>
    </div>`;
  }
  if (offersNotifications) {
    return html`<div class="line-bar" role="status">
      ${icon("bell")}<span>${t("line.notify")}</span>
      <button type="button" class="button small primary" onClick=${() => chat.answerNotificationOffer(true)}>${t("line.notify_yes")}</button>
      <button type="button" class="button small" onClick=${() => chat.answerNotificationOffer(false)}>${t("line.notify_no")}</button>
    </div>`;
  }
  if (isPersistent || isStorageNoticeClosed) return null;
  const close = () => {
    isStorageNoticeClosed = true;
    redraw(1);
  };
  return html`<div class="line-bar" role="status">
    <span>${t("line.unkept")}</span>
    <button type="button" class="button small" onClick=${close}>${t("common.close")}</button>
  </div>`;
}

/** @param {boolean} isConnecting */
function useLate(isConnecting) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isConnecting) return undefined;
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [isConnecting]);
  return isLate;
}
