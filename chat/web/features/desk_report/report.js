// The report of the desk: figures by week as a plot and a table, by operator as a table, and all of it as CSV.

import { html, useState } from "../../vendor/preact.js";
import { language, t, tn } from "../../i18n/index.js";
import { FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useChat } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { csvOf } from "./csv.js";

/** @import { DeskFigures, DeskReport } from "../../protocol" */

const CHOICES = [4, 12, 26, 53];
const DAY = 24 * 60 * 60 * 1000;
/** The plot's size, in its own units. */
const WIDTH = 600;
const HEIGHT = 120;

export function Report() {
  const chat = useChat();
  const [weeks, setWeeks] = useState(12);
  const { value, error } = useLoaded(() => /** @type {Promise<DeskReport>} */ (chat.call("GET", `/support/report?weeks=${weeks}`)), [weeks]);
  if (!value) return html`<${FormError} text=${error} />`;
  return html`<div class="actions">
      <label class="visually-hidden" for="report-weeks">${t("desk_report.time")}</label>
      <select id="report-weeks" value=${weeks} onChange=${(/** @type {any} */ { target }) => setWeeks(Number(target.value))}>
        ${CHOICES.map((each) => html`<option key=${each} value=${each}>${tn("desk_report.weeks", each)}</option>`)}
      </select>
      <button type="button" class="button" onClick=${() => save(value)}>${icon("download", { size: 18 })} ${t("desk_report.csv")}</button>
    </div>
    <p class="field-hint">${t("desk_report.hint")} ${t(value.in_hours ? "desk_report.in_hours" : "desk_report.always", { zone: value.zone })}</p>
    ${value.all.cases === 0 ? html`<p class="soft">${t("desk_report.none")}</p>` : html`<${Figures} report=${value} />`}`;
}

/** @param {{ report: DeskReport }} props */
function Figures({ report }) {
  const weeks = withEmptyWeeks(report);
  return html`<${Plot} title=${t("desk_report.cases")} weeks=${weeks} parts=${[["cases", "is-number"]]} shown=${number} />
    <${Plot} title=${t("desk_report.answer")} weeks=${weeks} parts=${[["answer_90", "is-most"], ["answer_median", "is-median"]]} shown=${duration} />
    <${Table} title=${t("desk_report.by_week")} head=${t("desk_report.week")} rows=${[
      ...report.weeks.map((each) => ({ name: day(each.week ?? ""), figures: each })),
      { name: t("desk_report.all"), figures: report.all },
    ]} />
    <${Table} title=${t("desk_report.by_operator")} head=${t("desk_report.operator")} rows=${report.operators.map((each) => ({
      name: each.operator?.name ?? t("desk_report.nobody"),
      figures: each,
    }))} />`;
}

/**
 * Bars by week; of two parts the second stands before the first.
 * @param {{ title: string, weeks: DeskFigures[], parts: ["cases" | "answer_median" | "answer_90", string][], shown: (value: number) => string }} props
 */
function Plot({ title, weeks, parts, shown }) {
  const most = Math.max(...weeks.flatMap((week) => parts.map(([name]) => week[name] ?? 0)), 1);
  const step = WIDTH / weeks.length;
  return html`<figure class="desk-plot">
    <figcaption>${title} <span class="soft small">${shown(most)}</span></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${title} preserveAspectRatio="none">
      ${weeks.map((week, nth) =>
        parts.map(([name, kind]) => {
          const value = week[name] ?? 0;
          const height = (value / most) * HEIGHT;
          return html`<rect key=${`${nth} ${name}`} class=${kind} x=${nth * step + step * 0.15} y=${HEIGHT - height} width=${step * 0.7} height=${height}>
            <title>${day(week.week ?? "")}: ${shown(value)}</title></rect>`;
        }),
      )}
    </svg>
    <p class="desk-plot-ends soft small"><span>${day(weeks[0]?.week ?? "")}</span><span>${day(weeks.at(-1)?.week ?? "")}</span></p>
    ${parts.length > 1 && html`<p class="soft small"><span class="desk-key is-median"></span> ${t("desk_report.median")} <span class="desk-key is-most"></span> ${t("desk_report.most")}</p>`}
  </figure>`;
}

/** @param {{ title: string, head: string, rows: { name: string, figures: DeskFigures }[] }} props */
function Table({ title, head, rows }) {
  const time = (/** @type {number | undefined} */ median, /** @type {number | undefined} */ most) =>
    html`<td>${median === undefined ? "–" : duration(median)}</td><td>${most === undefined ? "–" : duration(most)}</td>`;
  return html`<div class="desk-table" tabindex="0" role="region" aria-label=${title}><table>
    <caption>${title}</caption>
    <thead>
      <tr><th scope="col" rowspan="2">${head}</th><th scope="col" rowspan="2">${t("desk_report.cases")}</th>
        <th scope="colgroup" colspan="2">${t("desk_report.answer")}</th><th scope="colgroup" colspan="2">${t("desk_report.close")}</th>
        <th scope="col" rowspan="2">${t("desk_report.rated")}</th></tr>
      <tr>${[0, 1].map(() => html`<th scope="col">${t("desk_report.median")}</th><th scope="col">${t("desk_report.most")}</th>`)}</tr>
    </thead>
    <tbody>${rows.map(
      ({ name, figures }) => html`<tr key=${name}><th scope="row"><bdi>${name}</bdi></th><td>${number(figures.cases)}</td>
        ${time(figures.answer_median, figures.answer_90)} ${time(figures.close_median, figures.close_90)}
        <td>👍 ${number(figures.good ?? 0)} 👎 ${number(figures.bad ?? 0)}</td></tr>`,
    )}</tbody>
  </table></div>`;
}

/** All weeks, those without a conversation too. @param {DeskReport} report @returns {DeskFigures[]} */
function withEmptyWeeks({ since, weeks }) {
  const found = new Map(weeks.map((each) => [each.week, each]));
  const last = Date.parse(weeks.at(-1)?.week ?? since);
  const all = [];
  for (let at = Date.parse(since); at <= last; at += 7 * DAY) {
    const week = new Date(at).toISOString().slice(0, 10);
    all.push(found.get(week) ?? { week, cases: 0 });
  }
  return all;
}

/** @param {DeskReport} report */
function save(report) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvOf(report)], { type: "text/csv" }));
  link.download = `support-${report.since}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {number} value */
function number(value) {
  return new Intl.NumberFormat(language()).format(value);
}

/** @param {string} date as 2026-11-23 */
function day(date) {
  return date && new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(date));
}

/** @param {number} seconds */
function duration(seconds) {
  const [unit, size] = seconds < 60 ? ["second", 1] : seconds < 3600 ? ["minute", 60] : seconds < 86_400 ? ["hour", 3600] : ["day", 86_400];
  return new Intl.NumberFormat(language(), { style: "unit", unit: String(unit), unitDisplay: "short", maximumFractionDigits: 1 }).format(seconds / Number(size));
}
