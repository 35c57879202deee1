// Formats times and days in the reader's language.

import { language } from "../../i18n/index.js";

const DAY = 24 * 60 * 60 * 1000;

/**
 * The shortest form: the time today, the weekday within six days, else the date.
 * @param {number} at milliseconds
 * @param {number} [now]
 */
export function shortTime(at, now = Date.now()) {
  if (isSameDay(at, now)) return format(at, { timeStyle: "short" });
  if (now - at < 6 * DAY && now > at) return format(at, { weekday: "short" });
  return format(at, { day: "numeric", month: "short", ...(isSameYear(at, now) ? {} : { year: "numeric" }) });
}

/**
 * A message's time: the time today, before that with the day, and before this year with the year.
 * @param {number} at milliseconds
 * @param {number} [now]
 */
export function messageTime(at, now = Date.now()) {
  if (isSameDay(at, now)) return clock(at);
  if (!isSameYear(at, now)) return dayAndTime(at);
  return format(at, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
}

/**
 * Day and time.
 * @param {number} at milliseconds
 */
export function dayAndTime(at) {
  return format(at, { dateStyle: "medium", timeStyle: "short" });
}

/**
 * A time to come: the time today, with the word for tomorrow or the weekday in this week, else with the date.
 * @param {number} at milliseconds
 * @param {number} [now]
 */
export function futureTime(at, now = Date.now()) {
  const day = new Date(now);
  const days = Math.round((new Date(at).setHours(12, 0, 0, 0) - day.setHours(12, 0, 0, 0)) / DAY);
  if (days === 0) return clock(at);
  if (days === 1) return `${new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(1, "day")}, ${clock(at)}`;
  if (days > 1 && days < 7) return format(at, { weekday: "long", hour: "numeric", minute: "2-digit" });
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? format(at, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }) : dayAndTime(at);
}

/**
 * Hours and minutes.
 * @param {number} at milliseconds
 */
export function clock(at) {
  return format(at, { timeStyle: "short" });
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {number} at @param {Intl.DateTimeFormatOptions} options */
function format(at, options) {
  const key = language() + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made.format(at);
}

/** The page's language in the reader's region: dates differ within English. */
function locale() {
  return navigator.languages.find((each) => each.split("-")[0] === language()) ?? language();
}

/** @param {number} one @param {number} other */
function isSameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** @param {number} one @param {number} other */
function isSameYear(one, other) {
  return new Date(one).getFullYear() === new Date(other).getFullYear();
}
