// What somebody types into the search field, taken apart: words, and from: in: since: before:.

/**
 * @typedef {object} Asked
 * @property {string} words as the server looks for them, phrases and - too
 * @property {string} [from] a name
 * @property {string} [room] a room's name
 * @property {number} [since] milliseconds
 * @property {number} [before] milliseconds
 * @property {string[]} wrong filters whose value is no day
 */

const PART = /(?:^|\s)(from|in|since|before):("[^"]*"?|\S*)/giu;
const DAY = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/;

/**
 * @param {string} text
 * @returns {Asked}
 */
export function parseQuery(text) {
  /** @type {Asked} */
  const asked = { words: "", wrong: [] };
  const words = text.replace(/[“”„«»]/g, `"`).replace(PART, (whole, key, quoted) => {
    const value = quoted.replace(/^"|"$/g, "").replace(/^[@#]/, "");
    const name = key.toLowerCase();
    if (!value) return " ";
    if (name === "from") asked.from = value;
    else if (name === "in") asked.room = value;
    else {
      const day = dayOf(value);
      if (day === undefined) asked.wrong.push(whole.trim());
      else asked[/** @type {"since" | "before"} */ (name)] = day;
    }
    return " ";
  });
  asked.words = words.replace(/\s+/g, " ").trim();
  return asked;
}

/**
 * The first moment of a day or a month, where the reader is.
 * @param {string} value
 * @returns {number | undefined}
 */
function dayOf(value) {
  const found = DAY.exec(value);
  if (!found) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]) - 1, Number(found[3] ?? 1)];
  const date = new Date(year, month, day);
  return date.getMonth() === month && date.getDate() === day ? date.getTime() : undefined;
}
