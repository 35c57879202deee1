// The emoji that this person used last, the latest first.

import { choose, preference } from "./preferences.js";

const COUNT = 6;
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** @returns {string[]} */
export function recentEmoji() {
  const stored = preference("emoji").split(" ").filter(Boolean);
  return [...new Set([...stored, ...FIRST])].slice(0, COUNT);
}

/** @param {string} emoji */
export function noteEmoji(emoji) {
  choose("emoji", [...new Set([emoji, ...recentEmoji()])].slice(0, COUNT).join(" "));
}
