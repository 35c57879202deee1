// The link of a text that gets a preview: its first one.

const LINK = /https?:\/\/[^\s<>"`]{3,2000}/;

/** Characters that end a sentence rather than a link. */
const AFTER = new Set([..."'.,;:!?*_~)]}"]);

/** The first link of a text, without the end of its sentence; "": there is none. @param {string} text */
export function firstLink(text) {
  const [found = ""] = LINK.exec(text) ?? [];
  let end = found.length;
  while (AFTER.has(found.charAt(end - 1)) && !(found.charAt(end - 1) === ")" && found.includes("("))) end--;
  const link = found.slice(0, end);
  return URL.canParse(link) && new URL(link).hostname.includes(".") ? link : "";
}
