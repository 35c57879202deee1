// Whether one's account is linked with the identity provider; linking and unlinking it.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { confirm } from "../../view/controls/dialog.js";
import { FormError } from "../../view/controls/fields.js";
import { useLoaded } from "../../view/shared/loading.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {import("../../protocol").LinkedIdentity} LinkedIdentity */

export function Identity() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const found = useLoaded(() => chat.call("GET", "/me/identity"), []);
  const identity = /** @type {LinkedIdentity | undefined} */ (found.value);
  if (!identity) return html`<div aria-busy="true"><${FormError} text=${found.error} /></div>`;
  const { provider, linked, since, password } = identity;
  const unlink = async () => {
    const isSure = await confirm({ title: t("oidc.unlink_title", { provider }), text: t("oidc.unlink_text", { provider }), action: t("oidc.unlink"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", "/me/identity")))) found.reload();
  };
  if (!linked) {
    return html`<p class="soft">${t("oidc.text", { provider })}</p>
      <div class="actions"><a class="button primary" href="/oidc?link=1">${t("oidc.link", { provider })}</a></div>`;
  }
  return html`<p>${t("oidc.linked", { provider, time: dayAndTime(since ?? 0) })}</p>
    <${FormError} text=${error} />
    ${password
      ? html`<div class="actions"><button type="button" class="button danger" disabled=${isBusy} onClick=${unlink}>${t("oidc.unlink")}</button></div>`
      : html`<p class="soft">${t("oidc.only_way")}</p>`}`;
}
