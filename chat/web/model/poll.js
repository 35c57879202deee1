// A poll is a message with a question and its options in lines of their own; votes are reactions with their emoji.
//
//   📊 Where do we eat?     one choice; 📊☑️ several; 📊🔒 and 📊☑️🔒 closed, with the votes behind each option
//   1️⃣ Pizza
//   2️⃣ Soup · 3

/** The emoji of the options, in order. */
export const OPTIONS = [..."123456789"].map((digit) => `${digit}\u{fe0f}\u{20e3}`).concat("\u{1f51f}");

export const FEWEST = 2;
/** Characters of the question and of an option, in what the page makes. */
export const QUESTION_LENGTH = 300;
export const OPTION_LENGTH = 100;

const CHART = "\u{1f4ca}";
const SEVERAL = "\u{2611}\u{fe0f}";
const LOCK = "\u{1f512}";

/**
 * @typedef {object} Poll
 * @property {string} question
 * @property {readonly { emoji: string, text: string, count?: number }[]} options `count` in closed ones
 * @property {boolean} isMultiple
 * @property {boolean} isClosed
 */

/** The poll that a text is; null: it is none. @param {string | undefined} text @returns {Poll | null} */
export function parsePoll(text) {
  if (!text?.startsWith(CHART)) return null;
  const [head, ...lines] = text.split("\n");
  if (lines.length < FEWEST || lines.length > OPTIONS.length) return null;
  let question = head.slice(CHART.length);
  const isMultiple = question.startsWith(SEVERAL);
  if (isMultiple) question = question.slice(SEVERAL.length);
  const isClosed = question.startsWith(LOCK);
  if (isClosed) question = question.slice(LOCK.length);
  if (!question.startsWith(" ") || !question.trim()) return null;
  const options = [];
  for (const [i, line] of lines.entries()) {
    const emoji = OPTIONS[i];
    const said = line.slice(emoji.length + 1).trim();
    if (!line.startsWith(`${emoji} `) || !said) return null;
    const at = isClosed ? said.lastIndexOf(" · ") : said.length;
    const count = said.slice(at + 3);
    if (isClosed && (at < 1 || !/^\d{1,9}$/.test(count))) return null;
    options.push({ emoji, text: said.slice(0, at), ...(isClosed && { count: Number(count) }) });
  }
  return { question: question.trim(), options, isMultiple, isClosed };
}

/**
 * The text of a poll.
 * @param {string} question
 * @param {readonly string[]} options
 * @param {boolean} isMultiple
 */
export function textOfPoll(question, options, isMultiple) {
  return [`${CHART}${isMultiple ? SEVERAL : ""} ${oneLine(question)}`, ...options.map((text, i) => `${OPTIONS[i]} ${oneLine(text)}`)].join("\n");
}

/** The text of a poll after it was closed. @param {Poll} poll @param {readonly { emoji: string, count: number }[]} votes */
export function textOfClosed({ question, options, isMultiple }, votes) {
  const lines = options.map(({ emoji, text }) => `${emoji} ${text} · ${countOf(votes, emoji)}`);
  return [`${CHART}${isMultiple ? SEVERAL : ""}${LOCK} ${question}`, ...lines].join("\n");
}

/** @param {readonly { emoji: string, count: number }[]} votes @param {string} emoji */
export function countOf(votes, emoji) {
  return votes.find((each) => each.emoji === emoji)?.count ?? 0;
}

const QUOTES = '"“”„«»';
const QUOTED = new RegExp(`[${QUOTES}]([^${QUOTES}]*)[${QUOTES}]`, "gu");

/**
 * The question and the options that stand behind `/poll`, in quotation marks of any kind; a text without is the question.
 * @param {string} text
 * @returns {string[]}
 */
export function quoted(text) {
  const found = [...text.matchAll(QUOTED)].map(([, said]) => said);
  return (found.length ? found : [text]).map(oneLine).filter(Boolean);
}

/** Whether the page can make a poll of this. @param {string} question @param {readonly string[]} options */
export function isWhole(question, options) {
  const fits = (/** @type {string} */ text, /** @type {number} */ most) => text.length > 0 && text.length <= most;
  return fits(question, QUESTION_LENGTH) && options.length >= FEWEST && options.length <= OPTIONS.length && options.every((each) => fits(each, OPTION_LENGTH)) && new Set(options).size === options.length;
}

/** @param {string} text */
function oneLine(text) {
  return text.trim().replace(/\s+/g, " ");
}
