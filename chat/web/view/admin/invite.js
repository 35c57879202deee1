// An invitation to register: for how many people and how long, then a link to hand on.

import { html, useId, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useChat } from "../context.js";
import { Copyable } from "../copy.js";
import { problemText } from "../problem.js";
import { dayAndTime } from "../times.js";

/** @typedef {{ code: string, url: string, uses: number, expires: number }} Invite */

const USES = [1, 5, 25, 100];
const DAYS = [1, 7, 30];

export function NewInvite() {
  const chat = useChat();
  const [uses, setUses] = useState(1);
  const [days, setDays] = useState(7);
  const [made, setMade] = useState(/** @type {Invite | null} */ (null));
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      setMade(await chat.call("POST", "/invites", { uses, days }));
      setProblem(null);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const withdraw = async () => {
    if (!made) return;
    try {
      await chat.call("DELETE", `/invites/${encodeURIComponent(made.code)}`);
      setMade(null);
      setProblem(null);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return html`<form class="form" onSubmit=${make}>
    <div class="admin-pair">
      <${Choice} label=${t("admin.invite_uses")} value=${uses} choose=${setUses} choices=${USES} shown=${(/** @type {number} */ n) => tn("admin.people", n)} />
      <${Choice} label=${t("admin.invite_days")} value=${days} choose=${setDays} choices=${DAYS} shown=${(/** @type {number} */ n) => tn("admin.days", n)} />
    </div>
    <div class="actions"><button class="button primary">${t("admin.invite_make")}</button></div>
    <p class="field-error" role="alert">${problem}</p>
    ${made &&
    html`<div class="field">
      <${Copyable} key=${made.code} text=${new URL(`/i/${encodeURIComponent(made.code)}`, location.href).href} label=${t("admin.invite_link")} />
      <p class="field-hint">
        ${tn("admin.invite_good", made.uses, { time: dayAndTime(made.expires) })}
        <button type="button" class="button quiet small danger" onClick=${withdraw}>${t("admin.invite_withdraw")}</button>
      </p>
    </div>`}
  </form>`;
}

/**
 * @param {{ label: string, value: number, choose: (value: number) => void, choices: number[], shown: (n: number) => string }} props
 */
function Choice({ label, value, choose, choices, shown }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} onChange=${(/** @type {any} */ event) => choose(Number(event.target.value))}>
      ${choices.map((each) => html`<option value=${each} selected=${each === value}>${shown(each)}</option>`)}
    </select>
  </div>`;
}
