// The part of an image that a picture shows: a square, by its centre and how near it is. Pure.

/**
 * @typedef {object} Crop
 * @property {number} width of the image, in pixels
 * @property {number} height
 * @property {number} zoom from 1, at which the square is as large as the image allows, to MOST_ZOOM
 * @property {number} x the square's centre in the image
 * @property {number} y
 */

export const MOST_ZOOM = 8;

/** The largest square in the middle. @param {number} width @param {number} height @returns {Crop} */
export function startCrop(width, height) {
  return { width, height, zoom: 1, x: width / 2, y: height / 2 };
}

/** The pixels of the square's side. @param {Crop} crop */
export function sideOf({ width, height, zoom }) {
  return Math.min(width, height) / zoom;
}

/** Nearer or farther, about the same centre. @param {Crop} crop @param {number} zoom @returns {Crop} */
export function zoomed(crop, zoom) {
  return inside({ ...crop, zoom: Math.min(MOST_ZOOM, Math.max(1, zoom)) });
}

/** Move the image under the square by parts of the square's side. @param {Crop} crop @param {number} across @param {number} down @returns {Crop} */
export function moved(crop, across, down) {
  const side = sideOf(crop);
  return inside({ ...crop, x: crop.x - across * side, y: crop.y - down * side });
}

/** Where the square is in the image. @param {Crop} crop */
export function squareOf(crop) {
  const side = sideOf(crop);
  return { left: crop.x - side / 2, top: crop.y - side / 2, side };
}

/** @param {Crop} crop @returns {Crop} */
function inside(crop) {
  const half = sideOf(crop) / 2;
  const within = (/** @type {number} */ at, /** @type {number} */ size) => Math.min(size - half, Math.max(half, at));
  return { ...crop, x: within(crop.x, crop.width), y: within(crop.y, crop.height) };
}
