// The three ways to delete one's own account; each says what stays and what goes before it is chosen.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { confirm } from "../../view/controls/dialog.js";
import { useHasPassword } from "../../view/shared/own_password.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";

const WAYS = /** @type {const} */ (["leave", "anonymise", "erase"]);

export function Leave() {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const name = useSelected((state) => state.me?.name);
  const [how, setHow] = useState(/** @type {(typeof WAYS)[number] | ""} */ (""));
  const [password, setPassword] = useState("");
  const hasPassword = useHasPassword();
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!how) return;
    const isSure = await confirm({ title: t("leaving.ask"), text: t(`leaving.${how}_hint`), action: t(`leaving.${how}_do`), danger: true });
    if (isSure) await act(() => chat.call("POST", "/me/removal", { how, ...(hasPassword && { password }) }));
  };
  return html`
    <p class="soft">${t("leaving.text")}</p>
    <form class="form" onSubmit=${submit}>
      <fieldset>
        <legend>${t("leaving.how")}</legend>
        ${WAYS.map(
          (way) => html`<label key=${way} class="check">
            <input type="radio" name="how" checked=${way === how} onChange=${() => setHow(way)} />
            <span>${t(`leaving.${way}`)}<span class="field-hint">${t(`leaving.${way}_hint`)}</span></span>
          </label>`,
        )}
      </fieldset>
      <input type="text" hidden readonly autocomplete="username" value=${name} />
      ${hasPassword && html`<${Field} label=${t("leaving.password")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required error=${field === "password" ? error : ""} />`}
      ${field !== "password" && html`<${FormError} text=${error} />`}
      <div class="actions"><${Submit} label=${how ? t(`leaving.${how}_do`) : t("leaving.do")} isBusy=${isBusy} disabled=${!how || (hasPassword && !password)} class="danger" /></div>
    </form>
  `;
}
