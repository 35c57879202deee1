// Durations of whole units, as "30 seconds" and "in 2 minutes".

import { language } from "../../i18n/index.js";

/** @type {[unit: "day" | "hour" | "minute", seconds: number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "30 seconds", "2 minutes". @param {number} seconds */
export function durationText(seconds) {
  const [unit, count] = inUnits(seconds);
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** "in 30 seconds", "in 2 minutes". @param {number} seconds */
export function waitText(seconds) {
  const [unit, count] = inUnits(seconds);
  return new Intl.RelativeTimeFormat(language()).format(count, unit);
}

/**
 * A time in the largest unit of which there is exactly one, or at least two; what is left counts as a whole.
 * @param {number} seconds
 * @returns {[unit: "day" | "hour" | "minute" | "second", count: number]}
 */
function inUnits(seconds) {
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size || seconds === size) ?? ["second", 1];
  return [unit, Math.ceil(seconds / size)];
}
