// Whether one's account is linked with the identity provider; linking and unlinking it.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { confirm, Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { UsePasskey } from "../../view/controls/use_passkey.js";
import { useLoaded } from "../../view/shared/loading.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {import("../../protocol").LinkedIdentity} LinkedIdentity */

export function Identity() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [isLinking, setLinking] = useState(false);
  const found = useLoaded(() => chat.call("GET", "/me/identity"), []);
  const identity = /** @type {LinkedIdentity | undefined} */ (found.value);
  if (!identity) return html`<div aria-busy="true"><${FormError} text=${found.error} /></div>`;
  const { provider, linked, since, password, passkey } = identity;
  const unlink = async () => {
    const isSure = await confirm({ title: t("oidc.unlink_title", { provider }), text: t("oidc.unlink_text", { provider }), action: t("oidc.unlink"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", "/me/identity")))) found.reload();
  };
  if (!linked) {
    return html`<p class="soft">${t("oidc.text", { provider })}</p>
      <div class="actions"><button type="button" class="button primary" onClick=${() => setLinking(true)}>${t("oidc.link", { provider })}</button></div>
      ${isLinking && html`<${Link} provider=${provider} hasPassword=${password} onClose=${() => setLinking(false)} />`}`;
  }
  return html`<p>${t("oidc.linked", { provider, time: dayAndTime(since ?? 0) })}</p>
    <${FormError} text=${error} />
    ${password || passkey
      ? html`<div class="actions"><button type="button" class="button danger" disabled=${isBusy} onClick=${unlink}>${t("oidc.unlink")}</button></div>`
      : html`<p class="soft">${t("oidc.only_way")}</p>`}`;
}

/**
 * The question before linking: who one is. The code is asked for once the server wants it.
 * @param {{ provider: string, hasPassword: boolean, onClose: () => void }} props
 */
function Link({ provider, hasPassword, onClose }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const name = useSelected((state) => state.me?.name);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const go = async () => {
    const proof = { ...(hasPassword && { password }), ...(code.trim() && { code: code.trim() }) };
    try {
      const { url } = /** @type {{ url: string }} */ (await chat.call("POST", "/auth/oidc/begin", { link: true, ...proof }));
      location.assign(url);
    } catch (reason) {
      const isAboutCode = /** @type {Partial<import("../../model/types").ChatError>} */ (reason).field === "code";
      if (!isAboutCode) throw reason;
      setAsksCode(true);
      if (code) throw reason;
    }
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(go);
  };
  const ofPassword = field === "password" ? error : "";
  const ofCode = field === "code" ? error : "";
  return html`<${Dialog} title=${t("oidc.link_title", { provider })} onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      <p>${t("oidc.link_text", { provider })}</p>
      <input type="text" hidden readonly autocomplete="username" value=${name} />
      ${hasPassword && html`<${Field} label=${t("oidc.password")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required autofocus error=${ofPassword} />`}
      ${asksCode && html`<${Field} label=${t("oidc.code")} hint=${t("oidc.code_hint")} value=${code} onInput=${setCode} autocomplete="one-time-code" maxlength="64" dir="ltr" required autofocus error=${ofCode} />
        <${UsePasskey} onCode=${setCode} />`}
      ${!ofPassword && !ofCode && html`<${FormError} text=${error} />`}
      <div class="actions"><${Submit} label=${t("oidc.link_do")} isBusy=${isBusy} disabled=${(hasPassword && !password) || (asksCode && !code.trim())} /></div>
    </form>
  <//>`;
}
