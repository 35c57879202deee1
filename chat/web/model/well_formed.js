// Texts for the wire: a text that ends in the middle of an emoji has half a character, which no server understands.

/** @param {string} text */
export function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** The JSON of a request, each half of a character replaced. @param {unknown} value */
export function jsonOfRequest(value) {
  return JSON.stringify(value, (_key, each) => (typeof each === "string" ? wellFormed(each) : each));
}

/** A text as a part of an address. @param {string} text */
export function inAddress(text) {
  return encodeURIComponent(wellFormed(text));
}
