// The second step: what the server is called, and who may register.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../context.js";
import { Field } from "../fields.js";
import { reason, useAsking } from "../door/asking.js";
import { Trouble } from "../door/card.js";
import { typed } from "../door/typed.js";

const CHOICES = /** @type {const} */ (["invite", "open", "closed"]);

/** @param {{ server: string, onDone: () => void }} props `server` is its name until now */
export function Registration({ server, onDone }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAsking();
  const submit = (/** @type {any} */ event) => {
    const { server_name, registration } = typed(event);
    run(async () => {
      await chat.call("PATCH", "/admin/settings", { server_name: server_name.trim(), registration });
      onDone();
    });
  };
  return html`<form class="form" onSubmit=${submit}>
    ${error && html`<${Trouble}>${reason(error, wait)}<//>`}
    <${Field} name="server_name" label=${t("setup.server_name")} hint=${t("setup.server_name_hint")} defaultValue=${server}
      autocomplete="off" maxlength="40" required />
    <fieldset class="choices">
      <legend>${t("setup.who")}</legend>
      ${CHOICES.map(
        (choice, n) => html`<label class="choice">
          <input type="radio" name="registration" value=${choice} defaultChecked=${n === 0} />
          <span><b>${t(`setup.policy_${choice}`)}</b><span class="field-hint">${t(`setup.policy_${choice}_note`)}</span></span>
        </label>`,
      )}
    </fieldset>
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${t("setup.next")}</button>
  </form>`;
}
