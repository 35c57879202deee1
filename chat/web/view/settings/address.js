// Whether one's email address is confirmed, and a button that sends the link.

import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";

/** @typedef {import("../../protocol").AddressState} AddressState */

/** @param {{ email: string }} props the saved address */
export function Address({ email }) {
  const chat = useChat();
  const { value } = useLoaded(() => /** @type {Promise<AddressState>} */ (chat.call("GET", "/me/email")), [email]);
  const { act, isBusy, error } = useAction();
  const [sentTo, setSentTo] = useState("");
  if (!value) return null;
  if (value.confirmed) return html`<p class="soft small">${t("address.confirmed")}</p>`;
  if (!value.mail) return null;
  const send = async () => {
    const isDone = await act(() => chat.call("POST", "/me/email/confirmation", { language: language() }));
    if (isDone) setSentTo(email);
  };
  return html`<div class="notice">
    <div class="row-text">
      <p>${t("address.unconfirmed")}</p>
      ${
        sentTo === email
          ? html`<p class="soft small" role="status">${t("address.sent", { email })}</p>`
          : html`<button type="button" class="link" disabled=${isBusy} onClick=${send}>${t("address.send")}</button>`
      }
      <${FormError} text=${error} />
    </div>
  </div>`;
}
