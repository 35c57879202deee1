// One's own bots: made, changed, switched off, put into rooms, given tokens and addresses that are called, and removed.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { Copyable } from "../../view/controls/copy.js";
import { confirm } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { roomName } from "../../view/shared/names.js";
import { useHasPassword } from "../../view/shared/own_password.js";
import { dayAndTime } from "../../view/shared/times.js";
import { BOT } from "./icon.js";
import { aboutBot, SCOPES } from "./scopes.js";

/** @typedef {import("../../protocol").OwnBot} OwnBot */
/** @typedef {import("../../protocol").BotToken} BotToken */
/** @typedef {import("../../protocol").SentHook} SentHook */
/** @typedef {import("../../protocol").HookWithSecret} HookWithSecret */
/** @typedef {{ bot: OwnBot, onChanged: () => void }} OfBot */

const DAYS = [30, 365, 3650];

export function Bots() {
  const chat = useChat();
  const found = useLoaded(() => chat.call("GET", "/bots"), []);
  const [isMaking, setMaking] = useState(false);
  const [opened, setOpened] = useState(0);
  const bots = /** @type {{ bots: OwnBot[] } | undefined} */ (found.value)?.bots;
  const made = (/** @type {OwnBot} */ bot) => {
    setMaking(false);
    setOpened(bot.id);
    found.reload();
  };
  return html`
    <p class="soft">${t("bots.text")} <a href="/api/v1/docs" target="_blank" rel="noopener">${t("tokens.docs")}</a></p>
    <${FormError} text=${found.error} />
    ${isMaking
      ? html`<${NewBot} onDone=${made} onClose=${() => setMaking(false)} />`
      : html`<div class="actions"><button type="button" class="button" onClick=${() => setMaking(true)}>${icon("add")} ${t("bots.new")}</button></div>`}
    <ul class="list bots" aria-busy=${!bots}>
      ${bots?.map((bot) => html`<li key=${bot.id} class="bot">
        <div class="row">
          <span class="room-picture">${icon(BOT)}</span>
          <span class="row-text">
            <bdi class="row-title">${bot.name}</bdi>
            <span class="row-note">${aboutBot(bot)}</span>
          </span>
          <span class="row-end">
            ${bot.off && html`<span class="tag is-disabled">${t(bot.off_by_admin ? "bots.off_by_admin" : "bots.off")}</span>`}
            <button type="button" class="button small" aria-expanded=${opened === bot.id} aria-label=${t("bots.manage_one", { name: bot.name })}
              onClick=${() => setOpened(opened === bot.id ? 0 : bot.id)}>${t("bots.manage")}</button>
          </span>
        </div>
        ${opened === bot.id && html`<div class="bot-parts">
          <${Rooms} bot=${bot} onChanged=${found.reload} />
          <${BotTokens} bot=${bot} onChanged=${found.reload} />
          <${Calls} bot=${bot} />
          <${Change} bot=${bot} onChanged=${found.reload} />
        </div>`}
      </li>`)}
    </ul>
    ${bots?.length === 0 && !isMaking && html`<p class="settings-none">${t("bots.none")}</p>`}`;
}

/** @param {{ onDone: (bot: OwnBot) => void, onClose: () => void }} props */
function NewBot({ onDone, onClose }) {
  const chat = useChat();
  return html`<${Form} name="" scopes=${["read", "speak"]} label=${t("bots.make")} onClose=${onClose}
    send=${async (/** @type {object} */ fields) => onDone(await chat.call("POST", "/bots", fields))} />`;
}

/** The name and scopes. @param {{ name: string, scopes: readonly string[], label: string, send: (fields: object) => Promise<unknown>, onClose?: () => void }} props */
function Form({ name: first, scopes: begun, label, send, onClose }) {
  const { act, error, field, isBusy } = useAction();
  const [name, setName] = useState(first);
  const [scopes, setScopes] = useState(begun);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(() => send({ name: name.trim(), scopes }));
  };
  const toggle = (/** @type {string} */ scope) => setScopes(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope]);
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("bots.name")} hint=${t("bots.name_hint")} value=${name} onInput=${setName} error=${field === "name" ? error : ""} maxlength="57" required autofocus=${!first} />
    <fieldset>
      <legend>${t("bots.scopes")}</legend>
      ${SCOPES.map((scope) => html`<label key=${scope} class="check">
        <input type="checkbox" checked=${scopes.includes(scope)} onChange=${() => toggle(scope)} /> <span>${t(`bots.scope_${scope}`)}</span>
      </label>`)}
    </fieldset>
    <${FormError} text=${field === "name" ? "" : error} />
    <div class="actions">
      <${Submit} label=${label} isBusy=${isBusy} disabled=${!name.trim() || scopes.length === 0} />
      ${onClose && html`<button type="button" class="button quiet" onClick=${onClose}>${t("common.cancel")}</button>`}
    </div>
  </form>`;
}

/** @param {OfBot} props */
function Change({ bot, onChanged }) {
  const chat = useChat();
  const { act, error, isBusy } = useAction();
  const change = async (/** @type {object} */ fields) => {
    await chat.call("PATCH", `/bots/${bot.id}`, fields);
    onChanged();
  };
  const remove = async () => {
    const isSure = await confirm({ title: t("bots.remove_title", { name: bot.name }), text: t("bots.remove_text"), action: t("bots.remove"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", `/bots/${bot.id}`)))) onChanged();
  };
  return html`<section>
    <h4>${t("bots.change")}</h4>
    <${Form} name=${bot.name} scopes=${bot.scopes} label=${t("bots.save")} send=${change} />
    <${FormError} text=${error} />
    <div class="actions">
      ${!bot.off_by_admin && html`<button type="button" class="button small" disabled=${isBusy} onClick=${() => act(() => change({ off: !bot.off }))}>
        ${t(bot.off ? "bots.switch_on" : "bots.switch_off")}</button>`}
      <button type="button" class="button small danger" disabled=${isBusy} onClick=${remove}>${t("bots.remove")}</button>
    </div>
  </section>`;
}

/** @param {OfBot} props */
function Rooms({ bot, onChanged }) {
  const chat = useChat();
  const { act, error, isBusy } = useAction();
  const [chosen, choose] = useState("");
  const all = useSelected((state) => state.rooms);
  const { rooms = [] } = bot;
  const inside = new Set(rooms.map(({ id }) => id));
  const offered = [...all.values()]
    .map(({ info }) => info)
    .filter(({ id, kind, role, others, archived }) => kind === "room" && !others && !archived && (role === "owner" || role === "moderator") && !inside.has(id))
    .sort((one, other) => roomName(one).localeCompare(roomName(other)));
  const picked = offered.find(({ id }) => String(id) === chosen) ?? offered.at(0);
  const put = async (/** @type {"PUT" | "DELETE"} */ method, /** @type {number} */ room) => {
    if (await act(() => chat.call(method, `/bots/${bot.id}/rooms/${room}`))) onChanged();
  };
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (picked) void put("PUT", picked.id);
  };
  return html`<section>
    <h4>${t("bots.rooms")}</h4>
    ${rooms.length === 0 && html`<p class="soft">${t("bots.no_rooms")}</p>`}
    <ul class="list">
      ${rooms.map(({ id, name }) => html`<li key=${id} class="row">
        <bdi class="row-text row-title">${name}</bdi>
        <button type="button" class="button small" disabled=${isBusy} aria-label=${t("bots.take_out_one", { name })} onClick=${() => put("DELETE", id)}>${t("bots.take_out")}</button>
      </li>`)}
    </ul>
    ${picked
      ? html`<form class="form" onSubmit=${add}>
          <div class="field">
            <label for=${`bot-room-${bot.id}`}>${t("bots.add_room")}</label>
            <div class="bot-line">
              <select id=${`bot-room-${bot.id}`} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
                ${offered.map((info) => html`<option key=${info.id} value=${info.id} selected=${info === picked}>${roomName(info)}</option>`)}
              </select>
              <${Submit} label=${t("bots.add")} isBusy=${isBusy} class="" />
            </div>
          </div>
        </form>`
      : html`<p class="field-hint">${t("bots.lead_first")}</p>`}
    <${FormError} text=${error} />
  </section>`;
}

/** @param {OfBot} props */
function BotTokens({ bot, onChanged }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [isMaking, setMaking] = useState(false);
  const [name, setName] = useState("");
  const [days, setDays] = useState(365);
  const [password, setPassword] = useState("");
  const [made, setMade] = useState("");
  const hasPassword = useHasPassword();
  const login = useSelected((state) => state.me?.name);
  const { tokens = [] } = bot;
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await act(async () => {
      const { token } = /** @type {{ token: string }} */ (await chat.call("POST", `/bots/${bot.id}/tokens`, { name: name.trim(), days, ...(hasPassword && { password }) }));
      setMade(token);
      setName("");
      setPassword("");
      setMaking(false);
      onChanged();
    });
  };
  const end = async (/** @type {BotToken} */ token) => {
    const isSure = await confirm({ title: t("tokens.end_title", { name: token.name }), text: t("tokens.end_text"), action: t("tokens.end"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", `/bots/${bot.id}/tokens/${token.id}`)))) onChanged();
  };
  return html`<section>
    <h4>${t("bots.tokens")}</h4>
    ${made && html`<div class="form" role="status">
      <p class="notice warning">${icon("warning")} <span>${t("tokens.once")}</span></p>
      <${Copyable} key=${made} text=${made} label=${t("tokens.token")} />
    </div>`}
    ${tokens.length === 0 && html`<p class="soft">${t("bots.no_tokens")}</p>`}
    <ul class="list">
      ${tokens.map((token) => html`<li key=${token.id} class="row">
        <span class="row-text">
          <bdi class="row-title">${token.name}</bdi>
          <span class="row-note">${t("tokens.made", { time: dayAndTime(token.made) })} · ${token.used > token.made ? t("admin.hooks_used", { time: dayAndTime(token.used) }) : t("admin.hooks_unused")}</span>
        </span>
        <button type="button" class="button small" disabled=${isBusy} aria-label=${t("tokens.end_one", { name: token.name })} onClick=${() => end(token)}>${t("tokens.end")}</button>
      </li>`)}
    </ul>
    ${isMaking
      ? html`<form class="form" onSubmit=${make}>
          <${Field} label=${t("tokens.name")} hint=${t("bots.token_hint")} value=${name} onInput=${setName} error=${field === "name" ? error : ""} maxlength="64" required autofocus />
          <fieldset>
            <legend>${t("tokens.days")}</legend>
            <div class="segmented">
              ${DAYS.map((value) => html`<label key=${value}><input type="radio" name="bot-days" checked=${value === days} onChange=${() => setDays(value)} /> ${tn("tokens.days_n", value)}</label>`)}
            </div>
          </fieldset>
          <input type="text" hidden readonly autocomplete="username" value=${login} />
          ${hasPassword && html`<${Field} label=${t("tokens.password")} hint=${t("tokens.password_hint")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required error=${field === "password" ? error : ""} />`}
          <${FormError} text=${field === "name" || field === "password" ? "" : error} />
          <div class="actions">
            <${Submit} label=${t("tokens.make")} isBusy=${isBusy} disabled=${!name.trim() || (hasPassword && !password)} />
            <button type="button" class="button quiet" onClick=${() => setMaking(false)}>${t("common.cancel")}</button>
          </div>
        </form>`
      : html`<${FormError} text=${error} />
        <div class="actions"><button type="button" class="button small" onClick=${() => setMaking(true)}>${icon("add")} ${t("bots.new_token")}</button></div>`}
  </section>`;
}

/** The programs that are called when a message mentions the bot, or begins with its command. @param {{ bot: OwnBot }} props */
function Calls({ bot }) {
  const chat = useChat();
  const hasCalls = useSelected((state) => state.server.features.includes("outgoing_hooks"));
  const { act, error, field, isBusy } = useAction();
  const found = useLoaded(async () => (hasCalls ? /** @type {import("../../protocol").SentHooks} */ (await chat.call("GET", "/outgoing-hooks")).hooks : []), [hasCalls]);
  const [isMaking, setMaking] = useState(false);
  const [url, setUrl] = useState("");
  const [command, setCommand] = useState("");
  const [secret, setSecret] = useState("");
  const calls = (found.value ?? []).filter((hook) => hook.room === null && hook.bot?.id === bot.id);
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await act(async () => {
      const word = command.trim().replace(/^\//, "");
      /** @type {HookWithSecret} */
      const made = await chat.call("POST", "/outgoing-hooks", { url: url.trim(), bot: bot.id, ...(word && { command: word }) });
      setSecret(made.secret);
      setUrl("");
      setCommand("");
      setMaking(false);
      found.reload();
    });
  };
  const remove = async (/** @type {SentHook} */ hook) => {
    const isSure = await confirm({ title: t("admin.hooks_remove_one", { name: hook.url }), text: t("bots.call_remove_text"), action: t("bots.remove"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", `/outgoing-hooks/${hook.id}`)))) found.reload();
  };
  if (!hasCalls) return null;
  return html`<section>
    <h4>${t("bots.calls")}</h4>
    <p class="soft">${t("bots.calls_text", { name: bot.name })}</p>
    ${secret && html`<div class="form" role="status">
      <p class="notice warning">${icon("warning")} <span>${t("bots.secret_once")}</span></p>
      <${Copyable} key=${secret} text=${secret} label=${t("bots.secret")} />
    </div>`}
    <ul class="list">
      ${calls.map((hook) => html`<li key=${hook.id} class="row">
        <span class="row-text">
          <bdi class="row-title">${hook.url}</bdi>
          <span class="row-note">${[hook.command && `/${hook.command}`, hook.sent === null ? t("admin.hooks_unused") : t("admin.hooks_used", { time: dayAndTime(hook.sent) })].filter(Boolean).join(" · ")}</span>
          ${hook.error && html`<span class="row-note is-problem">${t("admin.hooks_error", { time: dayAndTime(hook.error_at ?? 0), error: hook.error })}</span>`}
        </span>
        <button type="button" class="button small" disabled=${isBusy} aria-label=${t("admin.hooks_remove_one", { name: hook.url })} onClick=${() => remove(hook)}>${t("bots.remove")}</button>
      </li>`)}
    </ul>
    ${isMaking
      ? html`<form class="form" onSubmit=${make}>
          <${Field} label=${t("bots.call_url")} type="url" value=${url} onInput=${setUrl} error=${field === "url" ? error : ""} maxlength="2000" dir="ltr" required autofocus />
          <${Field} label=${t("bots.call_command")} hint=${t("bots.call_command_hint")} value=${command} onInput=${setCommand} error=${field === "command" ? error : ""} maxlength="33" dir="ltr" />
          <${FormError} text=${field === "url" || field === "command" ? "" : error} />
          <div class="actions">
            <${Submit} label=${t("bots.call_make")} isBusy=${isBusy} disabled=${!url.trim()} />
            <button type="button" class="button quiet" onClick=${() => setMaking(false)}>${t("common.cancel")}</button>
          </div>
        </form>`
      : html`<${FormError} text=${found.error || error} />
        <div class="actions"><button type="button" class="button small" onClick=${() => setMaking(true)}>${icon("add")} ${t("bots.call_new")}</button></div>`}
  </section>`;
}
