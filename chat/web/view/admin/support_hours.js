// When operators answer: opening hours with their time zone and holidays, and what the widget does at other times.

import { html, useId, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { announce } from "../shared/announce.js";
import { Choices } from "./choices.js";
import { Source } from "./settings.js";

/** @typedef {{ days: string, from: string, to: string }} Hours */

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** Choices of days. */
const RANGES = ["mon-fri", "sat-sun", "mon-sun", ...DAYS];
/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const NAMES = /** @type {const} */ (["support_hours", "support_time_zone", "support_holidays"]);

/** @param {{ settings: import("./settings.js").Changing }} props */
export function SupportHours({ settings }) {
  const found = settings.found;
  if (!found?.support_hours) return null; // a server of before
  const now = NAMES.map((name) => found[name]?.value);
  return html`<section class="settings-section">
      <h3>${t("admin.support_hours")}</h3>
      <${Times} key=${JSON.stringify(now)} settings=${settings} found=${found} />
    </section>
    <${Choices}
      settings=${settings} name="when_away" values=${["message", "form", "hide"]} title=${t("admin.when_away")} question=${t("admin.when_away_ask")}
      label=${(/** @type {"message" | "form" | "hide"} */ value) => t(`admin.when_away_${value}`)}
      hint=${(/** @type {"message" | "form" | "hide"} */ value) => t(`admin.when_away_${value}_hint`)}
      isDangerous=${() => false}
    />
    <${Choices}
      settings=${settings} name="away_without_operators" values=${["on", "off"]} title=${t("admin.away_without_operators")} question=${t("admin.away_without_operators_ask")}
      label=${(/** @type {"on" | "off"} */ value) => t(`admin.away_without_operators_${value}`)}
      hint=${(/** @type {"on" | "off"} */ value) => t(`admin.away_without_operators_${value}_hint`)}
      isDangerous=${() => false}
    />`;
}

/** @param {{ settings: import("./settings.js").Changing, found: import("./settings.js").Settings }} props */
function Times({ settings, found }) {
  const [hours, holidays] = [found.support_hours, found.support_holidays].map((each) => /** @type {string[]} */ (each?.value ?? []));
  const zoneNow = found.support_hours?.value.length ? found.support_time_zone?.value : ownZone();
  const [rows, setRows] = useState(() => (hours ?? []).map(parsed));
  const [zone, setZone] = useState(/** @type {string} */ (zoneNow));
  const [text, setText] = useState((holidays ?? []).join("\n"));
  const { act, error, isBusy } = useAction();
  const days = text.split(/\s+/).filter(Boolean);
  const wrong = days.find((day) => !isDay(day));
  const isZoneWrong = !isZone(zone);
  const wanted = rows.map(written);
  const isChanged = wanted.join() !== (hours ?? []).map(parsed).map(written).join() || days.join() !== holidays?.join() || (wanted.length > 0 && zone !== zoneNow);
  const save = async (/** @type {Record<string, unknown>} */ changes) => {
    if (await act(() => settings.change(changes))) announce(t("admin.saved"));
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong && !isZoneWrong) void save({ support_hours: wanted, support_time_zone: zone, support_holidays: days });
  };
  const change = (/** @type {number} */ nth, /** @type {Partial<Hours>} */ part) =>
    setRows(rows.map((row, i) => (i === nth ? { ...row, ...part } : row)));
  return html`<form class="hours" onSubmit=${submit}>
    <p class="soft">${t("admin.support_hours_hint")}</p>
    ${rows.map((row, nth) => html`<${Row} key=${nth} row=${row} onChange=${(/** @type {Partial<Hours>} */ part) => change(nth, part)}
      onRemove=${() => setRows(rows.filter((_, i) => i !== nth))} />`)}
    ${rows.length < 50 && html`<div class="actions">
      <button type="button" class="button" onClick=${() => setRows([...rows, { days: "mon-fri", from: "09:00", to: "17:00" }])}>${icon("add")} ${t("admin.support_hours_add")}</button>
    </div>`}
    <${Field} label=${t("admin.support_time_zone")} value=${zone} onInput=${setZone} list="zones" dir="ltr" spellcheck="false"
      error=${isZoneWrong ? t("admin.no_time_zone") : ""} />
    <datalist id="zones">${zones().map((each) => html`<option key=${each} value=${each} />`)}</datalist>
    <${Field} label=${t("admin.support_holidays")} hint=${t("admin.support_holidays_hint")} value=${text} onInput=${setText} rows=${3}
      error=${wrong ? t("admin.no_day", { day: wrong }) : ""} spellcheck="false" placeholder="12-25" dir="ltr" />
    <${FormError} text=${error} />
    ${isChanged && html`<div class="actions"><${Submit} label=${t("admin.save")} isBusy=${isBusy} disabled=${Boolean(wrong) || isZoneWrong} /></div>`}
    <${Source} setting=${found.support_hours} shown=${(/** @type {string[]} */ value) => value.join(", ") || t("admin.none")}
      onTakeBack=${() => save(Object.fromEntries(NAMES.map((name) => [name, null])))} />
  </form>`;
}

/** @param {{ row: Hours, onChange: (part: Partial<Hours>) => void, onRemove: () => void }} props */
function Row({ row, onChange, onRemove }) {
  const id = useId();
  const ranges = RANGES.includes(row.days) ? RANGES : [row.days, ...RANGES];
  const time = (/** @type {"from" | "to"} */ which) =>
    html`<${Field} label=${t(which === "from" ? "quiet.start" : "quiet.end")} type="time" required value=${row[which]}
      onInput=${(/** @type {string} */ value) => value && onChange({ [which]: value.slice(0, 5) })} />`;
  const label = t("admin.support_hours_remove", { hours: `${daysName(row.days)} ${row.from} – ${row.to}` });
  return html`<div class="hours-row">
    <div class="field">
      <label for=${id}>${t("admin.support_hours_days")}</label>
      <select id=${id} value=${row.days} onChange=${(/** @type {any} */ { target }) => onChange({ days: target.value })}>
        ${ranges.map((each) => html`<option key=${each} value=${each}>${daysName(each)}</option>`)}
      </select>
    </div>
    ${time("from")} ${time("to")}
    <button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${onRemove}>${icon("close")}</button>
  </div>`;
}

/** @param {string} text as "mon-fri/09:00-17:00" @returns {Hours} */
function parsed(text) {
  const [days = "", times = ""] = text.split("/");
  const [from = "", to = ""] = times.split("-");
  return { days, from, to: to === "24:00" ? "00:00" : to };
}

/** @param {Hours} hours */
function written({ days, from, to }) {
  return `${days}/${from}-${to === "00:00" ? "24:00" : to}`;
}

/** @param {string} days as "mon-fri" */
function daysName(days) {
  if (days === "mon-sun") return t("admin.support_hours_every_day");
  const name = new Intl.DateTimeFormat(language(), { weekday: "short", timeZone: "UTC" });
  return days.split("-").map((day) => name.format(MONDAY + DAYS.indexOf(day) * DAY)).join(" – ");
}

function ownZone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function zones() {
  return Intl.supportedValuesOf?.("timeZone") ?? [];
}

/** @param {string} zone */
function isZone(zone) {
  try {
    return /^[a-z]/i.test(zone) && Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

/** @param {string} day as "2026-12-24", or "12-25" */
function isDay(day) {
  if (!/^(\d{4}-)?\d{2}-\d{2}$/.test(day)) return false;
  const whole = day.length > 5 ? day : `2000-${day}`;
  const date = new Date(`${whole}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(whole);
}
