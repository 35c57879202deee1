// The password, the sessions, and whether this is a shared computer.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { parts } from "../../features/registry.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useHasPassword } from "../shared/own_password.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").SessionInfo} SessionInfo */

export function Security() {
  const [changes, setChanges] = useState(0);
  const hasPassword = useHasPassword();
  return html`
    ${hasPassword && html`<${Password} onChanged=${() => setChanges(changes + 1)} />`}
    ${parts("SecuritySection").map((View) => html`<${View} />`)}
    <${Logins} key=${changes} />
    <${SharedComputer} />
  `;
}

/** The same choice as on the log-in page; pending messages are preserved. */
function SharedComputer() {
  const chat = useChat();
  const [isShared, setShared] = useState(chat.isShared);
  const [isBusy, setBusy] = useState(false);
  const choose = async (/** @type {Event} */ event) => {
    const { checked } = /** @type {HTMLInputElement} */ (event.target);
    setBusy(true);
    await chat.setShared(checked);
    setShared(checked);
    setBusy(false);
  };
  return html`<section class="settings-section">
    <h3>${t("sessions.computer")}</h3>
    <label class="check">
      <input type="checkbox" checked=${isShared} disabled=${isBusy} onChange=${choose} />
      <span>${t("sign_in.shared")}<span class="field-hint">${t("sign_in.shared_hint")}</span></span>
    </label>
  </section>`;
}

/** @param {{ onChanged: () => void }} props */
function Password({ onChanged }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const [isSaved, setSaved] = useState(false);
  const name = useSelected((state) => state.me?.name);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!(await act(() => chat.call("POST", "/me/password", { old, new: wanted })))) return;
    setOld("");
    setWanted("");
    setSaved(true);
    onChanged();
  };
  return html`<section class="settings-section">
    <h3>${t("password.title")}</h3>
    <form class="form" onSubmit=${save} onInput=${() => setSaved(false)}>
      <input type="text" hidden readonly autocomplete="username" value=${name} />
      <${Field} label=${t("password.old")} type="password" value=${old} onInput=${setOld} autocomplete="current-password" required error=${field === "new" ? "" : error} />
      <${Field} label=${t("password.new")} hint=${t("password.hint")} type="password" value=${wanted} onInput=${setWanted} autocomplete="new-password" required error=${field === "new" ? error : ""} />
      <div class="actions">
        <${Submit} label=${t("password.change")} isBusy=${isBusy} disabled=${!old || !wanted} />
        ${isSaved && html`<span class="soft" role="status">${t("password.changed")}</span>`}
      </div>
    </form>
  </section>`;
}

function Logins() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const found = useLoaded(() => chat.call("GET", "/me/sessions"), []);
  const all = /** @type {{ sessions: SessionInfo[] } | undefined} */ (found.value)?.sessions ?? [];
  const logins = all.filter(({ kind }) => kind !== "token").sort((one, other) => Number(other.current ?? 0) - Number(one.current ?? 0));
  const end = async (/** @type {number} */ id) => {
    if (await act(() => chat.call("DELETE", `/me/sessions/${id}`))) found.reload();
  };
  const endOthers = async () => {
    const isSure = await confirm({ title: t("sessions.end_others_title"), text: t("sessions.end_others_text"), action: t("sessions.end_others"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", "/me/sessions")))) found.reload();
  };
  return html`<section class="settings-section">
    <h3>${t("sessions.title")}</h3>
    <p class="soft small">${t("sessions.text")}</p>
    <${FormError} text=${found.error || error} />
    <ul class="list" aria-busy=${!found.value}>
      ${logins.map((session) => html`<${Login} key=${session.id} ...${{ session, isBusy, onEnd: end }} />`)}
    </ul>
    ${logins.length > 1 && html`<button type="button" class="button danger" disabled=${isBusy} onClick=${endOthers}>${t("sessions.end_others")}</button>`}
  </section>`;
}

/** @param {{ session: SessionInfo, isBusy: boolean, onEnd: (id: number) => void }} props */
function Login({ session, isBusy, onEnd }) {
  const name = session.name || deviceOf(session.agent ?? "");
  return html`<li class="row">
    <span class="room-picture">${icon("device")}</span>
    <span class="row-text">
      <span class="row-title">${name}</span>
      <span class="row-note">${[session.address, t("sessions.used", { time: dayAndTime(session.used) })].filter(Boolean).join(" · ")}</span>
    </span>
    ${session.current
      ? html`<span class="tag">${t("sessions.current")}</span>`
      : html`<button type="button" class="button small" disabled=${isBusy} aria-label=${t("sessions.end_one", { name })} onClick=${() => onEnd(session.id)}>${t("sessions.end")}</button>`}
  </li>`;
}

/**
 * The browser and system that a user agent names.
 * @param {string} agent
 */
function deviceOf(agent) {
  const browser = ["Firefox", "Edg", "OPR", "Chrome", "Safari"].find((each) => agent.includes(`${each}/`));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((each) => agent.includes(each));
  const names = { Edg: "Edge", OPR: "Opera" };
  const known = browser && (names[/** @type {keyof typeof names} */ (browser)] ?? browser);
  return [known, system].filter(Boolean).join(", ") || agent.slice(0, 40) || t("sessions.unknown");
}
