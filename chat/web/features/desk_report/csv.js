// The report as CSV, for spreadsheets. Pure.

/** @import { DeskFigures, DeskReport } from "../../protocol" */

const NUMBERS = /** @type {const} */ (["cases", "answered", "closed", "answer_median", "answer_90", "close_median", "close_90", "good", "bad"]);

/** Spreadsheets run a text that begins so as a formula, also after spaces and in other widths. */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** The lines of the report; times are in seconds. @param {DeskReport} report */
export function csvOf({ all, weeks, operators }) {
  const row = (/** @type {string} */ week, /** @type {string} */ operator, /** @type {DeskFigures} */ figures) =>
    [week, operator, ...NUMBERS.map((name) => String(figures[name] ?? (name.includes("_") ? "" : 0)))];
  const rows = [
    ["week", "operator", ...NUMBERS.map((name) => (name.includes("_") ? `${name}_seconds` : name))],
    row("", "", all),
    ...weeks.map((each) => row(each.week ?? "", "", each)),
    ...operators.map((each) => row("", each.operator?.name ?? "(none)", each)),
  ];
  return `\ufeff${rows.map((cells) => `${cells.map(cell).join(",")}\r\n`).join("")}`;
}

/** A text that no spreadsheet takes for a formula. @param {string} text */
export function cell(text) {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
