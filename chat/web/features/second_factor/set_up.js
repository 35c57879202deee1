// Setting two-factor authentication up: the password, the QR code with a code that confirms it, the recovery codes.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { Copyable } from "../../view/controls/copy.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { useHasPassword } from "../../view/shared/own_password.js";
import { QrCode } from "./qr_code.js";
import { RecoveryCodes } from "./recovery_codes.js";

/** @import { NewSecondFactor, RecoveryCodes as Made } from "../../protocol" */

/** @param {{ onDone: () => void }} props called once the recovery codes were saved */
export function SetUp({ onDone }) {
  const [begun, setBegun] = useState(/** @type {NewSecondFactor | null} */ (null));
  const [codes, setCodes] = useState(/** @type {string[] | null} */ (null));
  if (codes) return html`<${RecoveryCodes} codes=${codes} onDone=${onDone} />`;
  if (begun) return html`<${Confirm} begun=${begun} onConfirmed=${setCodes} />`;
  return html`<${Begin} onBegun=${setBegun} />`;
}

/** @param {{ onBegun: (begun: NewSecondFactor) => void }} props */
function Begin({ onBegun }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const name = useSelected((state) => state.me?.name);
  const [password, setPassword] = useState("");
  const hasPassword = useHasPassword();
  const begin = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(async () => onBegun(await chat.call("POST", "/me/second-factor", hasPassword ? { password } : {})));
  };
  return html`<form class="form" onSubmit=${begin}>
    <input type="text" hidden readonly autocomplete="username" value=${name} />
    ${hasPassword && html`<${Field} label=${t("factor.password")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required error=${field === "password" ? error : ""} />`}
    ${field !== "password" && html`<${FormError} text=${error} />`}
    <div class="actions"><${Submit} label=${t("factor.begin")} isBusy=${isBusy} disabled=${(hasPassword && !password)} /></div>
  </form>`;
}

/** @param {{ begun: NewSecondFactor, onConfirmed: (codes: string[]) => void }} props */
function Confirm({ begun, onConfirmed }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [code, setCode] = useState("");
  const confirm = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(async () => {
      const made = /** @type {Made} */ (await chat.call("POST", "/me/second-factor/confirm", { code }));
      onConfirmed(made.recovery_codes);
    });
  };
  return html`<form class="form" onSubmit=${confirm}>
    <p>${t("factor.scan")}</p>
    <${QrCode} text=${begun.uri} label=${t("factor.qr")} />
    <div>
      <${Copyable} text=${begun.secret} label=${t("factor.key")} />
      <p class="field-hint">${t("factor.key_hint")}</p>
    </div>
    <${Field} label=${t("factor.code")} hint=${t("factor.code_hint")} value=${code} onInput=${setCode} autocomplete="one-time-code" inputmode="numeric" maxlength="64" dir="ltr" required autofocus error=${field === "code" ? error : ""} />
    ${field !== "code" && html`<${FormError} text=${error} />`}
    <div class="actions"><${Submit} label=${t("factor.turn_on")} isBusy=${isBusy} disabled=${!code.trim()} /></div>
  </form>`;
}
