// Which files of a message a list of files shows: those of a kind, with a name that was looked for.

import { fold } from "../../model/room_list.js";

/** @typedef {import("../../model/types").WireFile} WireFile */

/** The kinds of files, as the server has them. */
export const KINDS = /** @type {const} */ (["image", "video", "audio", "document", "other"]);

/** @typedef {typeof KINDS[number]} FileKind */

const DOCUMENT = /^(?:text\/|application\/(?:pdf|msword|rtf|epub\+zip|vnd\.ms-(?:excel|powerpoint)|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|apple)\.))/;

/** The kind of a file by its type, as on the server. @param {string} type @returns {FileKind} */
export function kindOf(type) {
  const [whole] = type.split("/", 1);
  if (whole === "image" || whole === "video" || whole === "audio") return whole;
  return DOCUMENT.test(type) ? "document" : "other";
}

/**
 * The files of a kind, with the words in their name. The server splits words in more scripts: if no name fits, all do.
 * @param {readonly WireFile[]} files
 * @param {FileKind | ""} kind
 * @param {string} words
 */
export function listedFiles(files, kind, words) {
  const ofKind = files.filter(({ type }) => !kind || kindOf(type) === kind);
  const wanted = wordsOf(words);
  const named = ofKind.filter(({ name }) => {
    const found = wordsOf(name);
    return wanted.every((word) => found.some((each) => each.startsWith(word)));
  });
  return named.length > 0 ? named : ofKind;
}

/** @param {string} text */
function wordsOf(text) {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}
