// Tokens for programs: made, shown once, revoked.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { Copyable } from "../controls/copy.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useHasPassword } from "../shared/own_password.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").SessionInfo} SessionInfo */

const DAYS = [30, 365, 3650];

export function Tokens() {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const found = useLoaded(() => chat.call("GET", "/me/sessions"), []);
  const [name, setName] = useState("");
  const [days, setDays] = useState(365);
  const [password, setPassword] = useState("");
  const hasPassword = useHasPassword();
  const login = useSelected((state) => state.me?.name);
  const [made, setMade] = useState("");
  const tokens = (/** @type {{ sessions: SessionInfo[] } | undefined} */ (found.value)?.sessions ?? []).filter(({ kind }) => kind === "token");
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await act(async () => {
      const { token } = /** @type {{ token: string }} */ (await chat.call("POST", "/me/sessions", { name: name.trim(), days, ...(hasPassword && { password }) }));
      setMade(token);
      setName("");
      setPassword("");
      found.reload();
    });
  };
  const end = async (/** @type {SessionInfo} */ token) => {
    const isSure = await confirm({ title: t("tokens.end_title", { name: token.name ?? "" }), text: t("tokens.end_text"), action: t("tokens.end"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", `/me/sessions/${token.id}`)))) found.reload();
  };
  return html`
    <p class="soft">${t("tokens.text")} <a href="/api/v1/docs" target="_blank" rel="noopener">${t("tokens.docs")}</a></p>
    ${made &&
    html`<div class="form" role="status">
      <p class="notice warning">${icon("warning")} <span>${t("tokens.once")}</span></p>
      <${Copyable} key=${made} text=${made} label=${t("tokens.token")} />
    </div>`}
    <form class="form" onSubmit=${make}>
      <${Field} label=${t("tokens.name")} hint=${t("tokens.name_hint")} value=${name} onInput=${setName} error=${field === "name" ? error : ""} maxlength="64" required />
      <fieldset>
        <legend>${t("tokens.days")}</legend>
        <div class="segmented">
          ${DAYS.map((value) => html`<label key=${value}><input type="radio" name="days" checked=${value === days} onChange=${() => setDays(value)} /> ${tn("tokens.days_n", value)}</label>`)}
        </div>
      </fieldset>
      <input type="text" hidden readonly autocomplete="username" value=${login} />
      ${hasPassword && html`<${Field} label=${t("tokens.password")} hint=${t("tokens.password_hint")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required error=${field === "password" ? error : ""} />`}
      ${field !== "name" && field !== "password" && html`<${FormError} text=${found.error || error} />`}
      <div class="actions"><${Submit} label=${t("tokens.make")} isBusy=${isBusy} disabled=${!name.trim() || (hasPassword && !password)} /></div>
    </form>
    <ul class="list">
      ${tokens.map(
        (token) => html`<li key=${token.id} class="row">
          <span class="room-picture">${icon("lock")}</span>
          <span class="row-text">
            <bdi class="row-title">${token.name}</bdi>
            <span class="row-note">${t("tokens.made", { time: dayAndTime(token.created) })}</span>
          </span>
          <button type="button" class="button small" disabled=${isBusy} aria-label=${t("tokens.end_one", { name: token.name ?? "" })} onClick=${() => end(token)}>${t("tokens.end")}</button>
        </li>`,
      )}
    </ul>
  `;
}
