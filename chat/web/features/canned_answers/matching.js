// Which canned answers match a word, and their variables. Pure.

/** @typedef {import("../../protocol").CannedAnswer} CannedAnswer */

/** Answers that a list has at most. */
const MOST = 50;

/**
 * Those whose shortcut or text has the word. First those with that shortcut, then those whose shortcut begins so or has
 * it; among them one's own before shared ones.
 * @param {readonly CannedAnswer[]} answers
 * @param {string} word
 * @returns {CannedAnswer[]}
 */
export function matching(answers, word) {
  const wanted = word.normalize("NFC").toLowerCase();
  const ranked = answers.map((answer) => ({ answer, rank: rankOf(answer, wanted) })).filter(({ rank }) => rank < 4);
  ranked.sort((one, other) => one.rank - other.rank || compare(one.answer, other.answer));
  return ranked.slice(0, MOST).map(({ answer }) => answer);
}

/** One's own before shared ones, then by shortcut. @param {CannedAnswer} one @param {CannedAnswer} other */
export function compare(one, other) {
  return Number(one.shared ?? false) - Number(other.shared ?? false) || (one.shortcut < other.shortcut ? -1 : 1);
}

/** @param {CannedAnswer} answer @param {string} wanted */
function rankOf({ shortcut, text }, wanted) {
  if (shortcut === wanted) return 0;
  if (shortcut.startsWith(wanted)) return 1;
  if (shortcut.includes(wanted)) return 2;
  return text.normalize("NFC").toLowerCase().includes(wanted) ? 3 : 4;
}

/**
 * The text with the values of its variables. One without a value stays as it is.
 * @param {string} text
 * @param {Readonly<Record<string, string | undefined>>} values
 */
export function filled(text, values) {
  return text.replace(/\{([a-z]+)\}/g, (whole, name) => (Object.hasOwn(values, name) && values[name]) || whole);
}
