// What a file is, as far as people see it: whether it is a picture, and how large it is.

import { language } from "../i18n/index.js";

/** What the server knows by its bytes, and what a page shows. */
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const UNITS = /** @type {const} */ (["byte", "kilobyte", "megabyte", "gigabyte"]);

/** @param {string} type */
export function isImage(type) {
  return IMAGES.includes(type);
}

/** Pixels of a picture that a page shows: decoded, four bytes each. A small file may say that it has more, as a bomb does. */
const MOST_PIXELS = 250_000_000;

/** Whether it is shown as a picture. @param {import("../model/types").WireFile} file */
export function isPicture(file) {
  return isImage(file.type) && pixels(file) <= MOST_PIXELS;
}

/** Pixels of a picture, as far as that is known. @param {import("../model/types").WireFile} file */
export function pixels({ width = 0, height = 0 }) {
  return width * height;
}

/** A size in words, as 1.2 MB. @param {number} bytes */
export function fileSize(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const format = new Intl.NumberFormat(language(), { style: "unit", unit: UNITS[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: power > 1 ? 1 : 0 });
  return format.format(bytes / 1000 ** power);
}
