// Teams of operators: a list, and a form for a new one or for one that is changed.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { confirm } from "../controls/dialog.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../protocol").Team} Team */
/** @typedef {import("../../protocol").Account} Account */

/** A server has at most so many teams. */
const MOST = 20;

export function TeamsPart() {
  const chat = useChat();
  const [edited, setEdited] = useState(/** @type {number | null} */ (null)); // 0: a new one
  const teams = useLoaded(async () => /** @type {import("../../protocol").Teams} */ (await chat.call("GET", "/support/teams")).teams, []);
  const operators = useLoaded(() => readOperators(chat), []);
  const found = teams.value;
  const reload = async () => {
    setEdited(null);
    teams.set(/** @type {import("../../protocol").Teams} */ (await chat.call("GET", "/support/teams")).teams);
  };
  const form = (/** @type {Team | undefined} */ team) => html`<${TeamForm} key=${team?.id ?? 0} team=${team} operators=${operators.value ?? []} onDone=${reload} onClose=${() => setEdited(null)} />`;
  return html`<p class="soft">${t("teams.hint")}</p>
    <${FormError} text=${teams.error || operators.error} />
    ${found?.length === 0 && edited === null && html`<p class="soft">${t("teams.none")}</p>`}
    <ul class="list">
      ${found?.map((team) =>
        edited === team.id
          ? html`<li key=${team.id}>${form(team)}</li>`
          : html`<li class="row" key=${team.id}>
              ${icon("people")}
              <span class="row-text"><bdi class="row-title">${team.name}</bdi><span class="row-note">${about(team)}</span></span>
              <button type="button" class="icon-button" aria-label=${t("teams.edit_one", { name: team.name })} onClick=${() => setEdited(team.id)}>${icon("edit")}</button>
            </li>`,
      )}
    </ul>
    ${edited === 0 && form(undefined)}
    ${found && found.length < MOST && edited === null && html`<div class="actions">
      <button type="button" class="button" onClick=${() => setEdited(0)}>${icon("add")} ${t("teams.new")}</button>
    </div>`}`;
}

/** @param {Team} team */
function about({ members = [], in_turn, default: isDefault }) {
  return [tn("teams.count", members.length), in_turn && t("teams.takes_turns"), isDefault && t("teams.is_default")].filter(Boolean).join(" · ");
}

/** @param {{ team?: Team, operators: readonly Account[], onDone: () => Promise<void>, onClose: () => void }} props without `team`: a new one */
function TeamForm({ team, operators, onDone, onClose }) {
  const chat = useChat();
  const { act, error, field, isBusy } = useAction();
  const [name, setName] = useState(team?.name ?? "");
  const [members, setMembers] = useState(/** @type {readonly number[]} */ (team?.members ?? []));
  const [inTurn, setInTurn] = useState(team?.in_turn ?? false);
  const [isDefault, setDefault] = useState(team?.default ?? false);
  const turn = (/** @type {number} */ id) => setMembers(members.includes(id) ? members.filter((each) => each !== id) : [...members, id]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = { name, members, in_turn: inTurn, default: isDefault };
    void act(async () => {
      await (team ? chat.call("PATCH", `/admin/teams/${team.id}`, body) : chat.call("POST", "/admin/teams", body));
      await onDone();
    });
  };
  const remove = async () => {
    if (!team || !(await confirm({ title: t("teams.remove_ask", { name: team.name }), text: t("teams.remove_hint"), action: t("teams.remove"), danger: true }))) return;
    await act(async () => {
      await chat.call("DELETE", `/admin/teams/${team.id}`);
      await onDone();
    });
  };
  const check = (/** @type {string} */ label, /** @type {boolean} */ isOn, /** @type {() => void} */ change) =>
    html`<label class="check"><input type="checkbox" checked=${isOn} onChange=${change} /> <span>${label}</span></label>`;
  return html`<form class="form team-form" onSubmit=${submit}>
    <${Field} label=${t("teams.name")} value=${name} onInput=${setName} error=${field === "name" ? error : ""} maxlength="32" required autofocus />
    <fieldset class="admin-choices">
      <legend>${t("teams.members")}</legend>
      ${operators.length === 0 && html`<p class="soft">${t("teams.no_operators")}</p>`}
      ${operators.map((person) => html`<label class="check team-member" key=${person.id}>
        <input type="checkbox" checked=${members.includes(person.id)} onChange=${() => turn(person.id)} />
        ${avatar(person, { size: "small" })} <bdi>${personName(person)}</bdi>
      </label>`)}
    </fieldset>
    ${check(t("teams.in_turn"), inTurn, () => setInTurn(!inTurn))}
    ${check(t("teams.default"), isDefault, () => setDefault(!isDefault))}
    <${FormError} text=${field === "name" ? "" : error} />
    <div class="actions">
      <${Submit} label=${t(team ? "teams.save" : "teams.add")} isBusy=${isBusy} />
      <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
      ${team && html`<button type="button" class="button quiet danger" disabled=${isBusy} onClick=${remove}>${t("teams.remove")}</button>`}
    </div>
  </form>`;
}

/** All operators, a page at a time. @param {import("../../model/types").Chat} chat @returns {Promise<Account[]>} */
async function readOperators(chat) {
  /** @type {Account[]} */
  const found = [];
  /** @type {number | undefined} */
  let after = 0;
  while (after !== undefined) {
    /** @type {import("../../protocol").Accounts} */
    const page = await chat.call("GET", `/admin/people?role=operator&limit=100&after=${after}`);
    found.push(...page.people);
    after = page.next;
  }
  return found.filter(({ disabled }) => !disabled);
}
