// The dialog that adds a person: with a first password, or by an invitation link.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { lazy } from "../shared/lazy.js";
import { Copyable } from "../controls/copy.js";
import { Dialog } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { InviteLink } from "../../features/invites/invite_dialog.js";
import { personName } from "../shared/names.js";
import { ROLES } from "./roles.js";

/** @typedef {import("./people.js").Account} Account */

const InviteByMail = lazy(() => import("./invite_by_mail.js"), "InviteByMail");

const WAYS = /** @type {const} */ (["password", "link"]);
const WAYS_WITH_MAIL = /** @type {const} */ ([...WAYS, "mail"]);

/** @param {{ onClose: () => void, onAdded: () => void }} props */
export function AddPerson({ onClose, onAdded }) {
  const [way, setWay] = useState(/** @type {(typeof WAYS_WITH_MAIL)[number]} */ ("password"));
  const [added, setAdded] = useState(/** @type {{ account: Account, password: string } | null} */ (null));
  const isMailed = useSelected((state) => state.server.features.includes("mail"));
  if (added) return html`<${Added} ...${added} onClose=${onClose} />`;
  return html`<${Dialog} title=${t("admin.add_person")} onClose=${onClose}>
    <fieldset class="add-way">
      <legend class="visually-hidden">${t("admin.add_way")}</legend>
      <div class="segmented">
        ${(isMailed ? WAYS_WITH_MAIL : WAYS).map(
          (one) => html`<label key=${one}>
            <input type="radio" name="way" checked=${one === way} onChange=${() => setWay(one)} /> ${t(`admin.add_${one}`)}
          </label>`,
        )}
      </div>
    </fieldset>
    ${way === "mail" && html`<${InviteByMail} />`}
    ${way === "link"
      ? html`<${InviteLink} />`
      : way === "password" &&
        html`<${Form} onAdded=${(/** @type {Account} */ account, /** @type {string} */ password) => {
          setAdded({ account, password });
          onAdded();
        }} />`}
  <//>`;
}

/** @param {{ onAdded: (account: Account, password: string) => void }} props */
function Form({ onAdded }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [name, setName] = useState("");
  const [password, setPassword] = useState(made);
  const [roles, setRoles] = useState(/** @type {readonly string[]} */ ([]));
  const turn = (/** @type {string} */ role) => setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    act(async () => onAdded(/** @type {Account} */ (await chat.call("POST", "/admin/people", { name: name.trim(), password, roles })), password));
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("admin.name")} hint=${t("profile.name_hint")} value=${name} onInput=${setName} maxlength="64" required autofocus />
    <${Field} label=${t("admin.first_password")} hint=${t("admin.first_password_hint")} value=${password} onInput=${setPassword}
      autocapitalize="none" spellcheck=${false} dir="ltr" required />
    <fieldset>
      <legend>${t("admin.roles")}</legend>
      ${ROLES.map(
        (role) => html`<label class="check" key=${role}>
          <input type="checkbox" checked=${roles.includes(role)} onChange=${() => turn(role)} />
          <span>${t(`admin.role_${role}`)}<span class="field-hint admin-choice">${t(`admin.role_${role}_hint`)}</span></span>
        </label>`,
      )}
    </fieldset>
    <${FormError} text=${error} />
    <${Submit} label=${t("admin.add")} isBusy=${isBusy} class="primary wide" />
  </form>`;
}

/** @param {{ account: Account, password: string, onClose: () => void }} props */
function Added({ account, password, onClose }) {
  return html`<${Dialog} title=${t("admin.added", { name: personName(account) })} onClose=${onClose}>
    <div class="form">
      <p>${t("admin.added_text")}</p>
      <${Copyable} text=${password} label=${t("admin.first_password")} />
      <a class="button wide" href=${`/admin/people?person=${account.id}`}>${t("admin.to_account")}</a>
    </div>
  <//>`;
}

/** A random password that is easy to read out: three groups of letters and digits that do not look alike. */
function made() {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const random = crypto.getRandomValues(new Uint8Array(64)).filter((byte) => byte < letters.length * 8);
  const text = [...random.subarray(0, 15)].map((byte) => letters[byte % letters.length]).join("");
  return `${text.slice(0, 5)}-${text.slice(5, 10)}-${text.slice(10)}`;
}
