// Quiet hours: when they begin and end, on which days, in which time zone, and whose messages notify in them too.

import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { forgetAnswer } from "../../net/quiet_hours.js";
import { avatar } from "../controls/avatar.js";
import { Field, FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { usePeople } from "../shared/known_people.js";
import { lazy } from "../shared/lazy.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";

const FindPerson = lazy(() => import("../room/find_person.js"), "FindPerson");

/** @typedef {import("../../protocol").QuietHoursChoice} QuietHoursChoice */
/** @typedef {import("../../model/types").Person} Person */
/** @typedef {QuietHoursChoice["days"][number]} Day */

/** @type {readonly Day[]} */
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 24 * 60 * 60 * 1000;

/** The browser's time zone. */
const ownZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function QuietHours() {
  const chat = useChat();
  const { value, set, error: loadError } = useLoaded(() => /** @type {Promise<QuietHoursChoice>} */ (chat.call("GET", "/me/quiet-hours")), []);
  const { act, isBusy, error } = useAction();
  const [isAdding, setAdding] = useState(false);
  const zone = ownZone();
  /** The zone is the browser's unless there is another one already. @param {Partial<QuietHoursChoice>} change */
  const save = (change) =>
    act(async () => {
      const { until: _, ...chosen } = /** @type {QuietHoursChoice} */ (value);
      const inZone = chosen.on ? chosen.zone : zone;
      set(/** @type {QuietHoursChoice} */ (await chat.call("PUT", "/me/quiet-hours", { ...chosen, zone: inZone, ...change })));
      forgetAnswer();
    });
  if (!value) return html`<${FormError} text=${loadError} />`;
  const toggle = (/** @type {Event} */ event) => {
    event.preventDefault(); // it is checked once the server has changed it
    void save({ on: !value.on });
  };
  return html`<label class="check">
      <input type="checkbox" checked=${value.on} disabled=${isBusy} onClick=${toggle} />
      <span>${t("quiet.title")}<span class="field-hint">${t("quiet.hint")}</span></span>
    </label>
    ${value.on && html`<${Times} value=${value} save=${save} isBusy=${isBusy} />`}
    ${
      value.on &&
      value.zone !== zone &&
      html`<p class="notice"><span>${t("quiet.other_zone", { zone: value.zone })}</span>
        <button type="button" class="button small" disabled=${isBusy} onClick=${() => save({ zone })}>${t("quiet.use_zone", { zone })}</button></p>`
    }
    ${
      value.on &&
      html`<${Passing} ids=${value.people} isBusy=${isBusy} onRemove=${(/** @type {number} */ id) => save({ people: value.people.filter((each) => each !== id) })} />
        <div class="actions"><button type="button" class="button" disabled=${isBusy} onClick=${() => setAdding(true)}>${t("quiet.add")}</button></div>`
    }
    <${FormError} text=${error || loadError} />
    ${
      isAdding &&
      html`<${FindPerson} title=${t("quiet.add")} onClose=${() => setAdding(false)}
        onPick=${(/** @type {Person} */ { id }) => save({ people: [...value.people.filter((each) => each !== id), id] })} />`
    }`;
}

/** @param {{ value: QuietHoursChoice, save: (change: Partial<QuietHoursChoice>) => Promise<boolean>, isBusy: boolean }} props */
function Times({ value, save, isBusy }) {
  const name = new Intl.DateTimeFormat(language(), { weekday: "short", timeZone: "UTC" });
  const time = (/** @type {"start" | "end"} */ which) =>
    html`<${Field} label=${t(`quiet.${which}`)} type="time" required disabled=${isBusy} value=${value[which]}
      onChange=${(/** @type {any} */ { target }) => target.value && save({ [which]: target.value.slice(0, 5) })} />`;
  const change = (/** @type {Day} */ day) => {
    const days = DAYS.filter((each) => (each === day) !== value.days.includes(each));
    if (days.length > 0) void save({ days });
  };
  return html`<div class="quiet-times">${time("start")} ${time("end")}</div>
    <fieldset>
      <legend>${t("quiet.days")}</legend>
      <div class="quiet-days">
        ${DAYS.map((day, i) => {
          const isChosen = value.days.includes(day);
          return html`<button key=${day} type="button" class=${`button small ${isChosen ? "primary" : ""}`} aria-pressed=${isChosen} disabled=${isBusy || (isChosen && value.days.length === 1)}
            onClick=${() => change(day)}>${name.format(MONDAY + i * DAY)}</button>`;
        })}
      </div>
    </fieldset>`;
}

/** @param {{ ids: readonly number[], isBusy: boolean, onRemove: (id: number) => void }} props */
function Passing({ ids, isBusy, onRemove }) {
  const people = usePeople(ids);
  return html`<div class="field"><span class="label" id="passing">${t("quiet.people")}</span>
    <p class="field-hint">${t("quiet.people_hint")}</p>
    <ul class="list" aria-labelledby="passing">
      ${ids.map((id, i) => {
        const person = people[i];
        if (!person) return null;
        const name = personName(person);
        return html`<li key=${id} class="row">
          ${avatar(person, { size: "small" })}
          <span class="row-text"><bdi class="row-title">${name}</bdi></span>
          <button type="button" class="button small" disabled=${isBusy} aria-label=${t("quiet.remove_one", { name })} onClick=${() => onRemove(id)}>${t("quiet.remove")}</button>
        </li>`;
      })}
    </ul>
  </div>`;
}
