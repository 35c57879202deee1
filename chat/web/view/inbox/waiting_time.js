// How long a person has been waiting, counted up.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { dayAndTime } from "../shared/times.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A waiting time is highlighted from here on, and more strongly from there on. */
const LONG = 5 * MINUTE;
const VERY_LONG = HOUR;

/**
 * The current time in milliseconds, updated each second.
 * @returns {number}
 */
export function useNow() {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/**
 * A time in its two largest units, in the shortest form: "12s", "3m", "2h 5m", "4d 1h".
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const past = Math.max(0, milliseconds);
  if (past < MINUTE) return unit(past / SECOND, "second");
  if (past < HOUR) return unit(past / MINUTE, "minute");
  if (past < DAY) return both(unit(past / HOUR, "hour"), (past % HOUR) / MINUTE, "minute");
  return both(unit(past / DAY, "day"), (past % DAY) / HOUR, "hour");
}

/** @param {string} first @param {number} rest @param {string} name */
function both(first, rest, name) {
  return Math.floor(rest) > 0 ? `${first} ${unit(rest, name)}` : first;
}

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} count @param {string} name */
function unit(count, name) {
  const key = `${language()} ${name}`;
  let format = formats.get(key);
  if (!format) {
    formats.set(key, (format = new Intl.NumberFormat(language(), { style: "unit", unit: name, unitDisplay: "narrow" })));
  }
  return format.format(Math.floor(count));
}

/**
 * The waiting time, counted up.
 * @param {{ since: number, now: number }} props both in milliseconds
 */
export function WaitingTime({ since, now }) {
  const past = now - since;
  const look = past >= VERY_LONG ? " is-very-long" : past >= LONG ? " is-long" : "";
  return html`<span class=${`waiting${look}`} title=${t("inbox.waiting_since", { time: dayAndTime(since) })}>
    <span class="visually-hidden">${t("inbox.waits")} </span>${duration(past)}
  </span>`;
}
