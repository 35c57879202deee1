// Setting two-factor authentication up: the password, the QR code with a code that confirms it, the recovery codes.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { Copyable } from "../../view/controls/copy.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { ProofFields, useProof } from "./proof.js";
import { QrCode } from "./qr_code.js";
import { RecoveryCodes } from "./recovery_codes.js";

/** @import { NewSecondFactor, RecoveryCodes as Made } from "../../protocol" */

/** @param {{ asksCode?: boolean, onDone: () => void }} props `onDone` is called once the recovery codes were saved; `asksCode`: there is a passkey */
export function SetUp({ asksCode = false, onDone }) {
  const [begun, setBegun] = useState(/** @type {NewSecondFactor | null} */ (null));
  const [codes, setCodes] = useState(/** @type {string[] | null} */ (null));
  if (codes) return html`<${RecoveryCodes} codes=${codes} onDone=${onDone} />`;
  if (begun) return html`<${Confirm} begun=${begun} onConfirmed=${setCodes} />`;
  return html`<${Begin} asksCode=${asksCode} onBegun=${setBegun} />`;
}

/** @param {{ asksCode: boolean, onBegun: (begun: NewSecondFactor) => void }} props */
function Begin({ asksCode, onBegun }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const { proof, isComplete, fields } = useProof(asksCode);
  const begin = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(async () => onBegun(await chat.call("POST", "/me/second-factor", proof)));
  };
  return html`<form class="form" onSubmit=${begin}>
    <${ProofFields} fields=${fields} error=${error} field=${field} />
    ${field !== "password" && field !== "code" && html`<${FormError} text=${error} />`}
    <div class="actions"><${Submit} label=${t("factor.begin")} isBusy=${isBusy} disabled=${!isComplete} /></div>
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
