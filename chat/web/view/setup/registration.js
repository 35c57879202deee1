// The second step: the server's name and address, and who may register and read the lobby.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Field } from "../controls/fields.js";
import { attemptError, formValues, useAttempt } from "../sign_in/attempt.js";
import { ErrorNote } from "../sign_in/card.js";
import { icon } from "../controls/icon.js";
import { isOwnComputer, withoutPath } from "../shared/public_address.js";

const CHOICES = /** @type {const} */ (["invite", "open", "closed"]);

/** @typedef {import("../sign_in/policy.js").Policy} Policy */

/** @param {{ policy: Policy, onDone: () => void }} props `policy` is the current one */
export function Registration({ policy, onDone }) {
  const chat = useChat();
  const [registration, setRegistration] = useState(/** @type {(typeof CHOICES)[number]} */ ("invite"));
  const [written, setWritten] = useState(location.origin);
  const address = withoutPath(written);
  const { run, isBusy, wait, error } = useAttempt();
  const submit = (/** @type {any} */ event) => {
    const { server_name } = formValues(event);
    if (address === null) return;
    // Other people cannot reach an address of this computer only.
    const public_url = isOwnComputer(address) ? {} : { public_url: address };
    run(async () => {
      await chat.call("PATCH", "/admin/settings", { server_name: server_name.trim(), registration, ...public_url });
      onDone();
    });
  };
  return html`<form class="form" onSubmit=${submit}>
    ${error && html`<${ErrorNote}>${attemptError(error, wait)}<//>`}
    <${Field} name="server_name" label=${t("setup.server_name")} hint=${t("setup.server_name_hint")} defaultValue=${policy.server}
      autocomplete="off" maxlength="40" required />
    <${Field} label=${t("address.label")} hint=${t("address.hint")}
      error=${address === null ? t("address.wrong") : undefined} value=${written} onInput=${setWritten} inputmode="url"
      autocapitalize="none" spellcheck=${false} maxlength="260" required />
    ${address && isOwnComputer(address) && html`<p class="notice warning" role="status">${icon("warning")} <span>${t("address.own")}</span></p>`}
    <fieldset class="choices">
      <legend>${t("setup.who")}</legend>
      ${CHOICES.map(
        (choice) => html`<label class="choice" key=${choice}>
          <input type="radio" name="registration" value=${choice} checked=${choice === registration} onChange=${() => setRegistration(choice)} />
          <span><b>${t(`setup.policy_${choice}`)}</b><span class="field-hint">${t(`setup.policy_${choice}_note`)}</span></span>
        </label>`,
      )}
    </fieldset>
    <p class="notice" role="status">${icon(lobbyWith(registration, policy) === "open" ? "eye" : "lock")}
      <span>${t(`setup.lobby_${lobbyWith(registration, policy)}`)}</span></p>
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${t("setup.next")}</button>
  </form>`;
}

/**
 * Who reads the lobby with this registration policy: it is open while registration is, unless the server was started with
 * another choice.
 * @param {string} registration
 * @param {Policy} policy
 */
function lobbyWith(registration, policy) {
  const follows = (/** @type {string} */ one) => (one === "open" ? "open" : "members");
  const isFixed = policy.lobby !== follows(policy.registration);
  return isFixed ? policy.lobby : follows(registration);
}
