// The last step: a link for the others, to copy or to share.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../context.js";
import { Copyable } from "../copy.js";
import { reason, useAsking } from "../door/asking.js";
import { Trouble } from "../door/card.js";
import { navigate } from "../router.js";

const USES = 50;
const DAYS = 7;

/** @param {{ room?: number, onDone: () => void }} props */
export function FirstInvitation({ room, onDone }) {
  const chat = useChat();
  const [link, setLink] = useState("");
  const { run, wait, error } = useAsking();
  const make = () =>
    run(async () => {
      const invite = /** @type {import("../../protocol").Invite} */ (await chat.call("POST", "/invites", { room, uses: USES, days: DAYS }));
      setLink(new URL(invite.url, location.href).href);
    });
  useEffect(() => void make(), []);
  const leave = () => {
    onDone();
    navigate(room ? `/room/${room}` : "/", { replace: true });
  };
  return html`<div class="form">
    ${error && html`<${Trouble}>${reason(error, wait)}<//>
      <button type="button" class="button" disabled=${wait > 0} onClick=${make}>${t("common.retry")}</button>`}
    ${link && html`<${Copyable} text=${link} label=${t("setup.link")} />
      <p class="field-hint">${t("setup.link_hint", { uses: USES, days: DAYS })}</p>`}
    <button type="button" class="button primary wide" onClick=${leave}>${t("setup.open")}</button>
  </div>`;
}
