// This person's names and email address, and whether others see how far they have read.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { lazy } from "../shared/lazy.js";
import { useAction } from "../shared/action.js";
import { parts } from "../../features/registry.js";
import { avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { Field, FormError, Submit } from "../controls/fields.js";

const Address = lazy(() => import("./address.js"), "Address");

/** @typedef {import("../../model/types").Me} Me */
/** @typedef {ReturnType<typeof fieldsOf>} Fields */

export function Profile() {
  const me = useSelected((state) => state.me);
  return me && html`<${Form} me=${me} />`;
}

/** @param {Me} me */
function fieldsOf({ name, display, email, share_reads }) {
  return { name, display: display ?? "", email: email ?? "", sharesReads: share_reads !== false };
}

/** @param {{ me: Me }} props */
function Form({ me }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [isSaved, setSaved] = useState(false);
  // Only typed fields differ from the state, because an admin or another device may change the others meanwhile.
  const [typed, setTyped] = useState(/** @type {Partial<Fields>} */ ({}));
  const { name, display, email, sharesReads } = { ...fieldsOf(me), ...typed };
  const put = (/** @type {Partial<Fields>} */ fields) => setTyped((before) => ({ ...before, ...fields }));
  const change = {
    ...(name.trim() !== me.name && { name: name.trim() }),
    ...(display.trim() !== (me.display ?? "") && { display: display.trim() || null }),
    ...(email.trim() !== (me.email ?? "") && { email: email.trim() || null }),
    ...(sharesReads !== (me.share_reads !== false) && { share_reads: sharesReads }),
  };
  const isChanged = Object.keys(change).length > 0;
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const isDone = await act(() => chat.call("PATCH", "/me", change));
    if (isDone) setTyped((now) => (now === typed ? {} : now));
    setSaved(isDone);
  };
  const wrong = (/** @type {string} */ which) => (field === which ? error : "");
  const picture = parts("PictureButtons").map((Buttons) => html`<${Buttons} path="/me/picture" has=${Boolean(me.picture)} hint=${t("pictures.mine_hint")}>
    ${avatar({ ...me, name: name || me.name, display }, { size: "large" })}
  <//>`);
  return html`${picture}<form class="form" onSubmit=${save} onInput=${() => setSaved(false)}>
    <${Field} label=${t("profile.display")} hint=${t("profile.display_hint")} value=${display} onInput=${(/** @type {string} */ value) => put({ display: value })} error=${wrong("display")} maxlength="64" autocomplete="name" />
    <${Field} label=${t("profile.name")} hint=${t("profile.name_hint")} value=${name} onInput=${(/** @type {string} */ value) => put({ name: value })} error=${wrong("name")} maxlength="64" required autocomplete="username" />
    <${Field} label=${t("profile.email")} hint=${t("profile.email_hint")} type="email" value=${email} onInput=${(/** @type {string} */ value) => put({ email: value })} error=${wrong("email")} maxlength="254" autocomplete="email" />
    ${me.email && email.trim() === me.email && html`<${Address} email=${me.email} />`}
    <label class="check">
      <input type="checkbox" checked=${sharesReads} onChange=${(/** @type {any} */ event) => put({ sharesReads: event.target.checked })} />
      <span>${t("profile.reads")} <span class="field-hint">${t("profile.reads_hint")}</span></span>
    </label>
    ${!field && html`<${FormError} text=${error} />`}
    <div class="actions">
      <${Submit} label=${t("settings.save")} isBusy=${isBusy} disabled=${!isChanged || !name.trim()} />
      ${isSaved && !isChanged && html`<span class="soft" role="status">${t("settings.saved")}</span>`}
    </div>
  </form>`;
}
