// Reads a chosen image, and encodes a square of it again: what the camera wrote into the file stays behind.

import { squareOf } from "./crop.js";

/** @import { Crop } from "./crop.js" */

/** Pixels of a side; the largest picture on the screen has 72, on a dense one twice or three times that. */
export const SIDE = 256;

/** Bytes that the server takes. */
const MOST_BYTES = 65_536;

/** What is tried in this order until it is small enough; Safari encodes no WebP. @type {readonly (readonly [string, number])[]} */
const FORMATS = [["image/webp", 0.9], ["image/webp", 0.7], ["image/jpeg", 0.88], ["image/jpeg", 0.6]];

/**
 * Decode an image, turned as the camera was held; null if this browser can't.
 * @param {Blob} file
 */
export async function readImage(file) {
  try {
    const image = await createImageBitmap(file);
    return image.width && image.height ? image : null;
  } catch {
    return null;
  }
}

/**
 * Draw the square of an image over a whole canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} image
 * @param {Crop} crop
 */
export function draw(canvas, image, crop) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { left, top, side } = squareOf(crop);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, side, side, 0, 0, canvas.width, canvas.height);
}

/**
 * The square as a file of its own; null if no format is small enough.
 * @param {ImageBitmap} image
 * @param {Crop} crop
 * @returns {Promise<Blob | null>}
 */
export async function encode(image, crop) {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  draw(canvas, image, crop);
  for (const [type, quality] of FORMATS) {
    if (type === "image/jpeg") fillBehind(canvas); // it has no transparency, and would be black there
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, type, quality));
    if (blob?.type === type && blob.size <= MOST_BYTES) return blob;
  }
  return null;
}

/** @param {HTMLCanvasElement} canvas */
function fillBehind(canvas) {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
}
