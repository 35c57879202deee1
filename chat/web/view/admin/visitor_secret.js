// The secret with which a site signs who its visitors are: made, shown once, replaced and removed.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Copyable } from "../controls/copy.js";
import { confirm } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").VisitorSecretState} SecretState */
/** @typedef {import("../../protocol").VisitorSecret} Secret */

const PATH = "/admin/visitor-secret";

export function VisitorSecret() {
  const chat = useChat();
  const { value, set, error } = useLoaded(() => /** @type {Promise<SecretState>} */ (chat.call("GET", PATH)), []);
  const { act, isBusy, error: failure } = useAction();
  const [secret, setSecret] = useState("");
  const make = () =>
    act(async () => {
      const made = /** @type {Secret} */ (await chat.call("POST", PATH, {}));
      setSecret(made.secret);
      set(made);
    });
  const replace = async () => {
    const question = { title: t("admin.visitor_secret_replace"), text: t("admin.visitor_secret_replace_hint"), action: t("admin.visitor_secret_replace") };
    if (await confirm(question)) await make();
  };
  const remove = async () => {
    const question = { title: t("admin.visitor_secret_remove"), text: t("admin.visitor_secret_remove_hint"), action: t("admin.visitor_secret_remove"), danger: true };
    if (!(await confirm(question))) return;
    await act(async () => {
      await chat.call("DELETE", PATH);
      setSecret("");
      set({});
    });
  };
  return html`<section class="settings-section">
    <h3>${t("admin.visitor_secret")}</h3>
    <p class="soft">${t("admin.visitor_secret_hint")}</p>
    ${secret && html`<${Copyable} text=${secret} label=${t("admin.visitor_secret")} /><p class="field-hint">${t("admin.visitor_secret_shown")}</p>`}
    ${value?.made !== undefined && html`<p class="soft small">
      ${t("admin.visitor_secret_made", { time: dayAndTime(value.made) })}
      ${value.previous_until !== undefined && ` ${t("admin.visitor_secret_previous", { time: dayAndTime(value.previous_until) })}`}
    </p>`}
    <${FormError} text=${error || failure} />
    ${value && html`<div class="actions">
      ${value.made === undefined
        ? html`<button type="button" class="button" disabled=${isBusy} onClick=${make}>${t("admin.visitor_secret_make")}</button>`
        : html`<button type="button" class="button" disabled=${isBusy} onClick=${replace}>${t("admin.visitor_secret_replace")}</button>
            <button type="button" class="button quiet danger" disabled=${isBusy} onClick=${remove}>${t("admin.visitor_secret_remove")}</button>`}
    </div>`}
  </section>`;
}
