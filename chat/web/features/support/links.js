// The web addresses in a note.

const LINK = /https?:\/\/[^\s<>"`]{3,2000}/g;

/** Characters that end a sentence rather than a link. */
const AFTER = new Set([..."'.,;:!?*_~)]}»”"]);

/** A text in pieces, links and others. Its parts together are the text. @param {string} text @returns {{ text: string, isLink: boolean }[]} */
export function pieces(text) {
  /** @type {{ text: string, isLink: boolean }[]} */
  const found = [];
  let from = 0;
  const add = (/** @type {number} */ to, /** @type {boolean} */ isLink) => {
    if (to > from) found.push({ text: text.slice(from, to), isLink });
    from = to;
  };
  for (const { 0: link, index } of text.matchAll(LINK)) {
    let { length } = link;
    while (AFTER.has(link.charAt(length - 1)) && !(link.charAt(length - 1) === ")" && link.includes("("))) length--;
    if (!URL.canParse(link.slice(0, length))) continue;
    add(index, false);
    add(index + length, true);
  }
  add(text.length, false);
  return found;
}
