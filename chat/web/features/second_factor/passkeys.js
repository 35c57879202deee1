// The section of the security settings for passkeys: a list, adding, renaming, removing.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { canUsePasskeys, makePasskey, passkeyProblem } from "../../view/shared/passkeys.js";
import { dayAndTime } from "../../view/shared/times.js";
import { ProofFields, useProof } from "./proof.js";
import { RecoveryCodes } from "./recovery_codes.js";

/** @import { AddedPasskey, NewPasskeyOptions, OwnPasskeys, PasskeyInfo } from "../../protocol" */

const PROBLEMS = /** @type {const} */ ({ passkeys_no_url: "passkey.no_url", passkeys_off: "passkey.off" });

/**
 * `hasFactor`: there is a second factor, which asks for a code. An offer is shown only where it can be taken.
 * @param {{ hasFactor: boolean, isOffer?: boolean, onChanged: () => void }} props
 */
export function Passkeys({ hasFactor, isOffer = false, onChanged }) {
  const chat = useChat();
  const found = useLoaded(() => chat.call("GET", "/me/passkeys"), []);
  const own = /** @type {OwnPasskeys | undefined} */ (found.value);
  const [doing, setDoing] = useState(/** @type {"add" | { rename: PasskeyInfo } | { remove: PasskeyInfo } | null} */ (null));
  const [codes, setCodes] = useState(/** @type {string[]} */ ([]));
  const done = (/** @type {string[]} */ made = []) => {
    setDoing(null);
    setCodes(made);
    found.reload();
    if (made.length === 0) onChanged();
  };
  const saved = () => {
    setCodes([]);
    onChanged();
  };
  const problem = own?.problem ? t(PROBLEMS[own.problem]) : canUsePasskeys() ? "" : t("passkey.unsupported");
  const close = () => setDoing(null);
  if (isOffer && (problem || !own)) return null;
  return html`<section class="settings-section">
    <h3>${t("passkey.title")}</h3>
    <p class="soft">${t("passkey.text")}</p>
    <${FormError} text=${found.error} />
    ${problem && own && html`<p class="soft">${problem}</p>`}
    ${own && own.passkeys.length > 0 && html`<ul class="list">
      ${own.passkeys.map((each) => html`<${Row} key=${each.id} passkey=${each} onRename=${() => setDoing({ rename: each })} onRemove=${() => setDoing({ remove: each })} />`)}
    </ul>`}
    ${codes.length > 0 && html`<${RecoveryCodes} codes=${codes} onDone=${saved} />`}
    ${own && !problem && codes.length === 0 && doing !== "add" && html`<p><button type="button" class="button" onClick=${() => setDoing("add")}>${t("passkey.add")}</button></p>`}
    ${doing === "add" && html`<${Add} asksCode=${hasFactor} onDone=${done} onCancel=${close} />`}
    ${doing && doing !== "add" && "rename" in doing && html`<${Rename} passkey=${doing.rename} onDone=${done} onClose=${close} />`}
    ${doing && doing !== "add" && "remove" in doing && html`<${Remove} passkey=${doing.remove} asksCode=${hasFactor} onDone=${done} onClose=${close} />`}
  </section>`;
}

/** @param {PasskeyInfo} passkey */
const nameOf = (passkey) => passkey.name || t("passkey.named");

/** @param {{ passkey: PasskeyInfo, onRename: () => void, onRemove: () => void }} props */
function Row({ passkey, onRename, onRemove }) {
  const name = nameOf(passkey);
  const used = passkey.used && t("passkey.used", { time: dayAndTime(passkey.used) });
  return html`<li class="row passkey">
    <span class="room-picture">${icon("device")}</span>
    <span class="row-text">
      <span class="row-title" dir="auto">${name}</span>
      <span class="row-note">${[t("passkey.added", { time: dayAndTime(passkey.created) }), used].filter(Boolean).join(", ")}</span>
    </span>
    <button type="button" class="button small" aria-label=${t("passkey.rename_one", { name })} onClick=${onRename}>${t("passkey.rename")}</button>
    <button type="button" class="button small" aria-label=${t("passkey.remove_one", { name })} onClick=${onRemove}>${t("passkey.remove")}</button>
  </li>`;
}

/** @param {{ asksCode: boolean, onDone: (codes: string[]) => void, onCancel: () => void }} props */
function Add({ asksCode, onDone, onCancel }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const { proof, isComplete, fields } = useProof(asksCode);
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    setProblem("");
    act(async () => {
      const options = /** @type {NewPasskeyOptions} */ (await chat.call("POST", "/me/passkeys/begin", proof));
      let made;
      try {
        made = await makePasskey(options);
      } catch (refused) {
        if (asksCode) fields.setCode(""); // it is used up
        return setProblem(passkeyProblem(refused, options.rp_id));
      }
      const added = /** @type {AddedPasskey} */ (await chat.call("POST", "/me/passkeys", { ...made, name: name.trim() }));
      onDone(added.recovery_codes);
    });
  };
  const isOfField = field === "password" || field === "code";
  return html`<form class="form" onSubmit=${add}>
    <${Field} label=${t("passkey.name")} hint=${t("passkey.name_hint")} value=${name} onInput=${setName} maxlength="64" />
    <${ProofFields} fields=${fields} error=${error} field=${field} />
    <${FormError} text=${problem || (isOfField ? "" : error)} />
    <div class="actions">
      <${Submit} label=${t("passkey.add")} isBusy=${isBusy} disabled=${!isComplete} />
      <button type="button" class="button" onClick=${onCancel}>${t("factor.cancel")}</button>
    </div>
  </form>`;
}

/** @param {{ passkey: PasskeyInfo, onDone: () => void, onClose: () => void }} props */
function Rename({ passkey, onDone, onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [name, setName] = useState(passkey.name);
  const rename = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await act(() => chat.call("PATCH", `/me/passkeys/${passkey.id}`, { name: name.trim() }))) onDone();
  };
  return html`<${Dialog} title=${t("passkey.rename_one", { name: nameOf(passkey) })} onClose=${onClose}>
    <form class="form" onSubmit=${rename}>
      <${Field} label=${t("passkey.name")} value=${name} onInput=${setName} maxlength="64" autofocus error=${error} />
      <div class="actions"><${Submit} label=${t("passkey.save")} isBusy=${isBusy} /></div>
    </form>
  <//>`;
}

/** @param {{ passkey: PasskeyInfo, asksCode: boolean, onDone: () => void, onClose: () => void }} props */
function Remove({ passkey, asksCode, onDone, onClose }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const { proof, isComplete, fields } = useProof(asksCode);
  const remove = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await act(() => chat.call("POST", `/me/passkeys/${passkey.id}/removal`, proof))) onDone();
  };
  return html`<${Dialog} title=${t("passkey.remove_title", { name: nameOf(passkey) })} onClose=${onClose}>
    <form class="form" onSubmit=${remove}>
      <p>${t("passkey.remove_text")}</p>
      <${ProofFields} fields=${fields} error=${error} field=${field} />
      ${field !== "password" && field !== "code" && html`<${FormError} text=${error} />`}
      <div class="actions"><${Submit} label=${t("passkey.remove")} isBusy=${isBusy} disabled=${!isComplete} class="danger" /></div>
    </form>
  <//>`;
}
