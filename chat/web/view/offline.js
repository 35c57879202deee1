// The bar that says that the line is down, how long and what waits; and the one that offers a newer page.

import { html, useEffect, useState } from "../vendor/preact.js";
import { t, tn } from "../i18n/index.js";
import { useSelected } from "./context.js";
import { icon } from "./icon.js";
import { clock } from "./times.js";

/** A page that is only being opened says nothing for so long, in milliseconds. */
const PATIENCE = 2000;

export function LineBar() {
  const line = useSelected((state) => state.line);
  const waiting = useSelected((state) => state.outbox.filter((one) => !one.refused).length);
  const isOutdated = useSelected((state) => state.isOutdated);
  const isLate = useLate(line.state === "connecting");
  if (line.state === "offline") {
    return html`<div class="line-bar is-offline" role="status">
      ${icon("offline")}
      <span>${t("line.offline", { time: clock(line.since) })}${waiting > 0 && html`<span>, ${tn("line.waiting", waiting)}</span>`}</span>
    </div>`;
  }
  if (isLate) return html`<div class="line-bar" role="status"><span class="spinner"></span>${t("line.connecting")}</div>`;
  if (!isOutdated) return null;
  return html`<div class="line-bar" role="status">
    <span>${t("line.outdated")}</span>
    <button type="button" class="button small" onClick=${() => location.reload()}>${t("common.reload")}</button>
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
