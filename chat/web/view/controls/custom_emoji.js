// An emoji of the server, wherever `:name:` stands; one that is not known is its name.

import { html } from "../../vendor/preact.js";
import { useCustomEmoji } from "../shared/custom_emoji.js";

const NAMES = /(:[a-z0-9_-]{2,32}:)/;
const NAME = /^:[a-z0-9_-]{2,32}:$/;

/** @param {{ code: string }} props `code` is `:name:` */
export function CustomEmoji({ code }) {
  const picture = useCustomEmoji(code.slice(1, -1));
  if (!picture) return code;
  return html`<img class="custom-emoji" src=${`/api/v1/pictures/${picture}`} alt=${code} title=${code} loading="lazy" decoding="async" draggable=${false} />`;
}

/** Whether a reaction is an emoji of the server. @param {string} emoji */
export function isCustom(emoji) {
  return NAME.test(emoji);
}

/** A reaction's emoji. @param {string} emoji */
export function drawnEmoji(emoji) {
  return isCustom(emoji) ? html`<${CustomEmoji} code=${emoji} />` : emoji;
}

/** A text with the server's emoji in it. @param {string} text */
export function withCustomEmoji(text) {
  if (!text.includes(":")) return text;
  const pieces = text.split(NAMES);
  return pieces.length === 1 ? text : pieces.map((piece, i) => (i % 2 ? html`<${CustomEmoji} code=${piece} />` : piece));
}
