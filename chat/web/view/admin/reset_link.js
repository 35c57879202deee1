// Makes a link that resets a forgotten password.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { Copyable } from "../controls/copy.js";
import { FormError } from "../controls/fields.js";
import { addressOf } from "../shared/public_address.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {{ url: string, link?: string, expires: number }} Made */

/** @param {{ account: import("./people.js").Account }} props */
export function ResetLink({ account }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [made, setMade] = useState(/** @type {Made | null} */ (null));
  const make = () => act(async () => setMade(/** @type {Made} */ (await chat.call("POST", `/admin/people/${account.id}/reset`))));
  return html`<div class="form">
    ${made
      ? html`<${Copyable} text=${addressOf(made)} label=${t("admin.reset_link")} />
          <p class="field-hint">${t("admin.reset_valid", { time: dayAndTime(made.expires) })}</p>`
      : html`<p><button type="button" class="button" disabled=${isBusy} onClick=${make}>${t("admin.reset_make")}</button></p>`}
    <${FormError} text=${error} />
  </div>`;
}
