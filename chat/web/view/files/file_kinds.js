// What a file is, as far as people see it: whether it is a picture, and how large it is.

import { language } from "../../i18n/index.js";

/** What the server knows by its bytes, and what a page shows. */
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const UNITS = /** @type {const} */ (["byte", "kilobyte", "megabyte", "gigabyte"]);


/** Pixels of a picture that a page shows, and of one that it shows unasked: decoded, four bytes each. */
const MOST_PIXELS = 250_000_000;
const UNASKED_PIXELS = 50_000_000;

/** @typedef {import("../../model/types").WireFile} WireFile */

/** Whether it is shown as a picture. A small file may say that it has more pixels, as a bomb does, or hide how many. @param {WireFile} file */
export function isPicture(file) {
  return isImageOf(file, MOST_PIXELS);
}

/** Whether it is a picture that is soon decoded. @param {WireFile} file */
export function isLightPicture(file) {
  return isImageOf(file, UNASKED_PIXELS);
}

/** @param {WireFile} file @param {number} most pixels */
function isImageOf({ type, width = 0, height = 0 }, most) {
  return IMAGES.includes(type) && width * height > 0 && width * height <= most;
}

/** A size in words, as 1.2 MB. @param {number} bytes */
export function fileSize(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const format = new Intl.NumberFormat(language(), { style: "unit", unit: UNITS[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: power > 1 ? 1 : 0 });
  return format.format(bytes / 1000 ** power);
}
