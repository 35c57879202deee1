// Ascending ranges of numbers, [first, last], that neither touch nor overlap.

/** @typedef {readonly (readonly [number, number])[]} Ranges */

/**
 * Add a range; returns the same ranges where they contain it.
 * @param {Ranges} ranges
 * @param {number} first
 * @param {number} last
 * @returns {Ranges}
 */
export function withRange(ranges, first, last) {
  if (ranges.some(([from, to]) => from <= first && last <= to)) return ranges;
  const touched = ranges.filter(([from, to]) => from <= last + 1 && first - 1 <= to);
  const joined = /** @type {const} */ ([
    Math.min(first, ...touched.map(([from]) => from)),
    Math.max(last, ...touched.map(([, to]) => to)),
  ]);
  const before = ranges.filter(([, to]) => to < first - 1);
  const after = ranges.filter(([from]) => from > last + 1);
  return [...before, joined, ...after];
}

/**
 * The range that contains a number.
 * @param {Ranges} ranges
 * @param {number} number
 */
export function rangeOf(ranges, number) {
  return ranges.find(([first, last]) => first <= number && number <= last);
}

/**
 * The ranges from `first` on.
 * @param {Ranges} ranges
 * @param {number} first
 * @returns {Ranges}
 */
export function withoutBefore(ranges, first) {
  return ranges.filter(([, to]) => to >= first).map(([from, to]) => [Math.max(from, first), to]);
}

/**
 * Cut off the last range before `first`.
 * @param {Ranges} ranges
 * @param {number} first
 * @returns {Ranges}
 */
export function withShorterEnd(ranges, first) {
  const end = ranges.at(-1);
  return end ? [...ranges.slice(0, -1), [Math.max(first, end[0]), end[1]]] : ranges;
}
