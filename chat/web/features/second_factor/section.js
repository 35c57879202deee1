// The sections of the security settings: an app is set up and turned off, recovery codes are replaced; passkeys.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { FormError, Submit } from "../../view/controls/fields.js";
import { useLoaded } from "../../view/shared/loading.js";
import { Passkeys } from "./passkeys.js";
import { ProofFields, useProof } from "./proof.js";
import { RecoveryCodes } from "./recovery_codes.js";
import { SetUp } from "./set_up.js";

/** @import { RecoveryCodes as Made, SecondFactorState } from "../../protocol" */

export function SecondFactor() {
  const chat = useChat();
  const found = useLoaded(() => chat.call("GET", "/me/second-factor"), []);
  const state = /** @type {SecondFactorState | undefined} */ (found.value);
  const [isSettingUp, setSettingUp] = useState(false);
  const done = () => {
    setSettingUp(false);
    found.reload();
  };
  const text = state?.on && !state.app ? "factor.passkey_text" : "factor.text";
  return html`<section class="settings-section">
      <h3>${t("factor.title")} ${state?.on && html`<span class="tag">${t("factor.on")}</span>`}</h3>
      <${FormError} text=${found.error} />
      ${state && !state.app && html`<p class="soft">${t(text)}</p>`}
      ${state?.on && html`<${On} state=${state} onChanged=${found.reload} />`}
      ${state && !state.app && (isSettingUp
        ? html`<${SetUp} asksCode=${state.on} onDone=${done} />`
        : html`<p><button type="button" class="button" onClick=${() => setSettingUp(true)}>${t(state.on ? "factor.app" : "factor.begin")}</button></p>`)}
    </section>
    ${state && html`<${Passkeys} hasFactor=${state.on} onChanged=${found.reload} />`}`;
}

/** @param {{ state: SecondFactorState, onChanged: () => void }} props */
function On({ state, onChanged }) {
  const chat = useChat();
  const [action, setAction] = useState(/** @type {"codes" | "off" | null} */ (null));
  const [codes, setCodes] = useState(/** @type {string[] | null} */ (null));
  const done = () => {
    setAction(null);
    setCodes(null);
    onChanged();
  };
  const prove = async (/** @type {object} */ proof) => {
    const path = `/me/second-factor/${action === "codes" ? "recovery-codes" : "removal"}`;
    const made = /** @type {Made | undefined} */ (await chat.call("POST", path, proof));
    if (made) setCodes(made.recovery_codes);
    else done();
  };
  if (codes) return html`<${RecoveryCodes} codes=${codes} onDone=${done} />`;
  return html`
    <p class="soft">${state.app && t("factor.on_text")} ${t("factor.left", { n: state.recovery_codes })}</p>
    ${action
      ? html`<${Proof} key=${action} action=${action} isRequired=${state.required} prove=${prove} onCancel=${() => setAction(null)} />`
      : html`<div class="actions">
          <button type="button" class="button" onClick=${() => setAction("codes")}>${t("factor.new_codes")}</button>
          ${state.app && html`<button type="button" class="button danger" onClick=${() => setAction("off")}>${t("factor.turn_off")}</button>`}
        </div>`}
  `;
}

/** @param {{ action: "codes" | "off", isRequired: boolean, prove: (proof: object) => Promise<void>, onCancel: () => void }} props */
function Proof({ action, isRequired, prove, onCancel }) {
  const { act, isBusy, error, field } = useAction();
  const { proof, isComplete, fields } = useProof(true);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(() => prove(proof));
  };
  const warning = action === "codes" ? t("factor.new_codes_text") : isRequired && t("factor.required_section");
  return html`<form class="form" onSubmit=${submit}>
    ${warning && html`<p>${warning}</p>`}
    <${ProofFields} fields=${fields} error=${error} field=${field} />
    ${field !== "password" && field !== "code" && html`<${FormError} text=${error} />`}
    <div class="actions">
      <${Submit} label=${t(action === "codes" ? "factor.new_codes" : "factor.turn_off")} isBusy=${isBusy} disabled=${!isComplete} class=${action === "off" ? "danger" : "primary"} />
      <button type="button" class="button" onClick=${onCancel}>${t("factor.cancel")}</button>
    </div>
  </form>`;
}
