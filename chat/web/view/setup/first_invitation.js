// The last step: a link for the others, to copy or to share.

import { html, useEffect } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Copyable } from "../controls/copy.js";
import { attemptError, useAttempt } from "../sign_in/attempt.js";
import { ErrorNote } from "../sign_in/card.js";
import { usePolicy } from "../sign_in/policy.js";
import { icon } from "../controls/icon.js";
import { addressOf, isOwnComputer } from "../shared/public_address.js";
import { navigate } from "../shared/router.js";

const USES = 50;
const DAYS = 7;

/**
 * `path` is the invitation's address, once it is made; a reload does not make another.
 * @param {{ room?: number, path?: string, onMade: (path: string) => void, onDone: () => void }} props
 */
export function FirstInvitation({ room, path, onMade, onDone }) {
  const chat = useChat();
  const { policy } = usePolicy();
  const { run, wait, error } = useAttempt();
  const address = path && new URL(path, location.href).href;
  const make = () =>
    run(async () => {
      const invite = /** @type {import("../../protocol").Invite} */ (await chat.call("POST", "/invites", { room, uses: USES, days: DAYS }));
      onMade(addressOf(invite));
    });
  useEffect(() => {
    if (!path) make();
  }, []);
  const leave = () => {
    onDone();
    navigate(room ? `/room/${room}` : "/", { replace: true });
  };
  return html`<div class="form">
    ${error && html`<${ErrorNote}>${attemptError(error, wait)}<//>
      <button type="button" class="button" disabled=${wait > 0} onClick=${make}>${t("common.retry")}</button>`}
    ${address && html`<${Copyable} text=${address} label=${t("setup.link")} />
      <p class="field-hint">${t("setup.link_hint", { uses: USES, days: DAYS })}</p>`}
    ${address && isOwnComputer(address) && html`<div class="notice warning">${icon("warning")}<p>${t("setup.link_own")}</p></div>`}
    ${policy?.registration === "closed" && html`<div class="notice">${icon("info")}<p>${t("setup.closed_hint")}</p></div>`}
    <button type="button" class="button primary wide" onClick=${leave}>${t("setup.open")}</button>
  </div>`;
}
