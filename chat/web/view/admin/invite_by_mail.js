// Invites a list of addresses by mail, typed or from a CSV file, and shows what became of each.

import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";

/** @typedef {import("../../protocol").InvitedAddresses} InvitedAddresses */
/** @typedef {import("../../i18n/index.js").Key} Key */

const MOST = 100;

export function InviteByMail() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [text, setText] = useState("");
  const [done, setDone] = useState(/** @type {InvitedAddresses | null} */ (null));
  const addresses = addressesIn(text);
  const isTooMany = addresses.length > MOST;
  const read = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    if (file) setText(await file.text());
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { addresses, language: language() };
    void act(async () => setDone(/** @type {InvitedAddresses} */ (await chat.call("POST", "/admin/invites/mail", body))));
  };
  if (done) {
    return html`<div role="status"><ul class="list">
      ${done.addresses.map(
        ({ address, state }, at) => html`<li class="row" key=${at}>
          <span class="row-text"><bdi>${address}</bdi><span class="row-note">${t(/** @type {Key} */ (`invite_mail.${state}`))}</span></span>
        </li>`,
      )}
    </ul></div>`;
  }
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("invite_mail.addresses")} hint=${t("invite_mail.hint", { most: MOST })} error=${isTooMany ? t("invite_mail.too_many", { most: MOST }) : ""}
      rows="5" dir="ltr" value=${text} onInput=${setText} required autofocus />
    <div class="field">
      <label for="invite-file">${t("invite_mail.file")}</label>
      <input id="invite-file" type="file" accept=".csv,.txt,text/csv,text/plain" onChange=${read} />
    </div>
    <${FormError} text=${error} />
    <div class="actions"><${Submit} label=${t("invite_mail.send")} isBusy=${isBusy} disabled=${addresses.length === 0 || isTooMany} /></div>
  </form>`;
}

/**
 * The addresses in a text or CSV file. A line without any is given as it is, so that the server names it.
 * @param {string} text
 * @returns {string[]}
 */
export function addressesIn(text) {
  return text.split("\n").flatMap((line) => {
    const parts = line.split(/[,;\t ]/).map((part) => part.replace(/[<>"]/g, "").trim());
    const found = parts.filter((part) => part.includes("@"));
    return found.length > 0 ? found : line.trim() ? [line.trim().slice(0, 400)] : [];
  });
}
