// Parses the input of the search field: words, and from: in: has: since: before:.

/**
 * @typedef {object} SearchQuery
 * @property {string} words to send to the server, with phrases and exclusions
 * @property {string} [from] a name
 * @property {string} [room] a room's name
 * @property {string[]} has what a message must have, as the server names it
 * @property {number} [since] milliseconds
 * @property {number} [before] milliseconds
 * @property {string[]} invalid filters whose value is not a day
 * @property {string[]} unknown filters has: whose value is not known
 */

const PART = /(?:^|\s)(from|in|has|since|before):("[^"]*"?|\S*)/giu;
const DAY = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/;

/** What has: takes; the server knows the first of each row. */
const HAVE = [["file", "files", "attachment"], ["link", "links"], ["image", "images", "picture", "pictures"], ["video", "videos"], ["audio", "sound"], ["document", "documents"], ["other"]];

/**
 * @param {string} text
 * @returns {SearchQuery}
 */
export function parseSearchQuery(text) {
  /** @type {SearchQuery} */
  const query = { words: "", has: [], invalid: [], unknown: [] };
  const words = text.replace(/[“”„«»]/g, `"`).replace(PART, (whole, key, quoted) => {
    const value = quoted.replace(/^"|"$/g, "").replace(/^[@#]/, "");
    const name = key.toLowerCase();
    if (!value) return " ";
    if (name === "from") query.from = value;
    else if (name === "in") query.room = value;
    else if (name === "has") {
      const [known] = HAVE.find((each) => each.includes(value.toLowerCase())) ?? [];
      if (known) query.has.push(known);
      else query.unknown.push(whole.trim());
    } else {
      const day = dayOf(value);
      if (day === undefined) query.invalid.push(whole.trim());
      else query[/** @type {"since" | "before"} */ (name)] = day;
    }
    return " ";
  });
  query.words = words.replace(/\s+/g, " ").trim();
  return query;
}

/**
 * The start of a day or a month in the reader's time zone.
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
