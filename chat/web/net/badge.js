// Shows on the tab's icon that something is unread, and how many messages deserve attention; on the installed app's icon, in
// how many rooms. Pushed notifications show the same number while the page is closed.

import { countAttention } from "../model/attention.js";

/** @import { Chat } from "../model/types" */

const SIZE = 64;
/** Milliseconds until it is drawn, so that a message that is read at once does not flicker. */
const DELAY = 1500;

/**
 * Show the badge; returns a function that ends it.
 * @param {Chat} chat
 */
export function startBadge(chat) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  return link ? showBadge(chat, link) : undefined;
}

/**
 * @param {Chat} chat
 * @param {HTMLLinkElement} link
 */
function showBadge(chat, link) {
  const plain = link.href;
  let shown = "";
  let badgedRooms = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let scheduled;

  async function draw() {
    scheduled = undefined;
    const { count, inRooms, isMore } = countAttention(chat.get().rooms.values(), chat.get().leftOut);
    if (inRooms !== badgedRooms) navigator.setAppBadge?.(inRooms).catch(() => {}); // it may not be installed
    badgedRooms = inRooms;
    const text = count > 99 ? "99" : count > 0 ? String(count) : "";
    const wanted = count > 0 || isMore ? `badge ${text}` : "";
    if (wanted === shown) return;
    shown = wanted;
    try {
      const href = wanted ? await badged(plain, text) : plain;
      if (shown === wanted) link.href = href;
    } catch {
      shown = ""; // offline there may be no icon; the next change tries again
    }
  }

  const schedule = () => {
    scheduled ??= setTimeout(draw, DELAY);
  };
  const unsubscribe = chat.subscribe(schedule);
  schedule();
  return () => {
    unsubscribe();
    clearTimeout(scheduled);
    shown = "";
    link.href = plain;
  };
}

/**
 * @param {string} icon
 * @param {string} text a number, or nothing for a dot
 */
async function badged(icon, text) {
  const image = new Image(SIZE, SIZE);
  image.src = icon;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const drawing = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  drawing.drawImage(image, 0, 0, SIZE, SIZE);
  const radius = text ? 20 : 12;
  drawing.fillStyle = "#c4314b";
  drawing.beginPath();
  drawing.arc(SIZE - radius, radius, radius, 0, 2 * Math.PI);
  drawing.fill();
  drawing.fillStyle = "#fff";
  drawing.font = "bold 28px system-ui, sans-serif";
  drawing.textAlign = "center";
  drawing.textBaseline = "middle";
  drawing.fillText(text, SIZE - radius, radius + 2);
  return canvas.toDataURL();
}
