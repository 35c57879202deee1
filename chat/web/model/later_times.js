// The times at which something can be done later, in the computer's time zone.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The hour of a day at which days begin here. */
const MORNING = 9;
const MONDAY = 1;

/** @typedef {"in_20_minutes" | "in_1_hour" | "in_3_hours" | "tomorrow" | "monday"} LaterName */

/**
 * The usual times, in order.
 * @param {number} now milliseconds
 * @returns {{ name: LaterName, at: number }[]}
 */
export function laterTimes(now) {
  const toMonday = (MONDAY + 7 - new Date(now).getDay()) % 7 || 7;
  return [
    { name: "in_20_minutes", at: now + 20 * MINUTE },
    { name: "in_1_hour", at: now + HOUR },
    { name: "in_3_hours", at: now + 3 * HOUR },
    { name: "tomorrow", at: morning(now, 1) },
    ...(toMonday > 1 ? [{ name: /** @type {const} */ ("monday"), at: morning(now, toMonday) }] : []),
  ];
}

/** The morning of a day after today; days have 23 or 25 hours too. @param {number} now @param {number} days */
function morning(now, days) {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, MORNING).getTime();
}

/**
 * A time as the fields for day and time have it.
 * @param {number} at milliseconds
 * @returns {{ day: string, time: string }}
 */
export function fieldsOf(at) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const date = new Date(at);
  return {
    day: `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    time: `${two(date.getHours())}:${two(date.getMinutes())}`,
  };
}

/** The time in such fields, in milliseconds; NaN if there is none. @param {{ day: string, time: string }} fields */
export function timeOf({ day, time }) {
  return new Date(`${day}T${time}`).getTime();
}
