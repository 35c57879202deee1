// What one is called, and whether others see how far one has read.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAct } from "../act.js";
import { avatar } from "../avatar.js";
import { useChat, useSelected } from "../context.js";
import { Field, Refusal, Submit } from "../fields.js";

/** @typedef {import("../../model/types").Me} Me */

export function Profile() {
  const me = useSelected((state) => state.me);
  return me && html`<${Form} key=${me.changed} me=${me} />`;
}

/** @param {{ me: Me }} props */
function Form({ me }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAct();
  const [isSaved, setSaved] = useState(false);
  const [name, setName] = useState(me.name);
  const [display, setDisplay] = useState(me.display ?? "");
  const [email, setEmail] = useState(me.email ?? "");
  const [sharesReads, setSharesReads] = useState(me.share_reads !== false);
  const change = {
    ...(name.trim() !== me.name && { name: name.trim() }),
    ...(display.trim() !== (me.display ?? "") && { display: display.trim() || null }),
    ...(email.trim() !== (me.email ?? "") && { email: email.trim() || null }),
    ...(sharesReads !== (me.share_reads !== false) && { share_reads: sharesReads }),
  };
  const isChanged = Object.keys(change).length > 0;
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setSaved(await act(() => chat.call("PATCH", "/me", change)));
  };
  const wrong = (/** @type {string} */ which) => (field === which ? error : "");
  return html`<form class="form" onSubmit=${save} onInput=${() => setSaved(false)}>
    <div class="profile-head">
      ${avatar({ id: me.id, name: name || me.name, display }, { size: "large" })}
      <p class="soft small">${t("profile.picture")}</p>
    </div>
    <${Field} label=${t("profile.display")} hint=${t("profile.display_hint")} value=${display} onInput=${setDisplay} error=${wrong("display")} maxlength="64" autocomplete="name" />
    <${Field} label=${t("profile.name")} hint=${t("profile.name_hint")} value=${name} onInput=${setName} error=${wrong("name")} maxlength="64" required autocomplete="username" />
    <${Field} label=${t("profile.email")} hint=${t("profile.email_hint")} type="email" value=${email} onInput=${setEmail} error=${wrong("email")} maxlength="254" autocomplete="email" />
    <label class="check">
      <input type="checkbox" checked=${sharesReads} onChange=${(/** @type {any} */ event) => setSharesReads(event.target.checked)} />
      <span>${t("profile.reads")} <span class="field-hint">${t("profile.reads_hint")}</span></span>
    </label>
    ${!field && html`<${Refusal} text=${error} />`}
    <div class="actions">
      <${Submit} label=${t("settings.save")} isBusy=${isBusy} disabled=${!isChanged || !name.trim()} />
      ${isSaved && !isChanged && html`<span class="soft" role="status">${t("settings.saved")}</span>`}
    </div>
  </form>`;
}
