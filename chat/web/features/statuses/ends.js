// When a status ends, in the computer's time zone.

const MINUTE = 60_000;
const MONDAY = 1;

/** @typedef {"never" | "half_hour" | "hour" | "four_hours" | "today" | "week" | "custom"} End */

/** @type {readonly End[]} */
export const ENDS = ["never", "half_hour", "hour", "four_hours", "today", "week", "custom"];

const MINUTES = { half_hour: 30, hour: 60, four_hours: 240 };

/**
 * The end in milliseconds; undefined: never.
 * @param {Exclude<End, "custom">} end
 * @param {number} now milliseconds
 * @param {number} [firstDay] of a week: 1 is Monday, 7 is Sunday
 */
export function timeOfEnd(end, now, firstDay = MONDAY) {
  if (end === "never") return undefined;
  if (end === "today" || end === "week") {
    const day = new Date(now);
    const days = end === "today" ? 1 : (firstDay + 7 - day.getDay()) % 7 || 7;
    return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime(); // days have 23 or 25 hours too
  }
  return now + MINUTES[end] * MINUTE;
}

/** The first day of a week where the reader is, as `timeOfEnd` takes it. @param {string} locale */
export function firstDayIn(locale) {
  const known = /** @type {any} */ (new Intl.Locale(locale));
  return known.getWeekInfo?.().firstDay ?? known.weekInfo?.firstDay ?? MONDAY;
}
