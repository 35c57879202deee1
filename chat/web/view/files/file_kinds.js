// Whether a file is shown as a picture, and its size in words.

import { language } from "../../i18n/index.js";

/** Types that the server recognises by their bytes and that browsers show. */
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const UNITS = /** @type {const} */ (["byte", "kilobyte", "megabyte", "gigabyte"]);

/** The most pixels of a picture that is shown, and of one that is loaded automatically. Decoded, each takes four bytes. */
const MAX_PIXELS = 250_000_000;
const AUTOMATIC_PIXELS = 50_000_000;

/** The most bytes of a file that is played, and of a PDF that is shown: all of it is in memory. */
const MAX_PLAYED = 200_000_000;
const MAX_PDF = 50_000_000;

/** @typedef {import("../../model/types").WireFile} WireFile */

/** Whether it is shown as a picture. A small file may decode to too many pixels, or hide their number. @param {WireFile} file */
export function isPicture(file) {
  return isImageOf(file, MAX_PIXELS);
}

/** Whether it is a picture that is decoded quickly. @param {WireFile} file */
export function isLightPicture(file) {
  return isImageOf(file, AUTOMATIC_PIXELS);
}

/** Whether it is shown a page at a time. @param {WireFile} file */
export function isPdf({ type, size }) {
  return type === "application/pdf" && size <= MAX_PDF;
}

/** Whether it is opened in the whole window. @param {WireFile} file */
export function isViewed(file) {
  return isPicture(file) || isPdf(file);
}

/** The element that plays a file. @param {WireFile} file @returns {"audio" | "video" | null} */
export function playerOf({ type, size }) {
  if (size > MAX_PLAYED) return null;
  return type.startsWith("audio/") ? "audio" : type.startsWith("video/") ? "video" : null;
}

/** @param {WireFile} file @param {number} most pixels */
function isImageOf({ type, width = 0, height = 0 }, most) {
  return IMAGES.includes(type) && width * height > 0 && width * height <= most;
}

/** A size in words, for example 1.2 MB. @param {number} bytes */
export function fileSize(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const format = new Intl.NumberFormat(language(), { style: "unit", unit: UNITS[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: power > 1 ? 1 : 0 });
  return format.format(bytes / 1000 ** power);
}
