// No regular expression of the page takes more than linear time: no text of others can hold the page up.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const WEB = fileURLToPath(new URL("../../../chat/web/", import.meta.url));

/** Characters of a text. Quadratic time is ten milliseconds or more, and linear time far less than one. */
const LENGTH = 4096;

/** Milliseconds that are looked at twice. */
const SUSPICIOUS = 3;

const COMMON = [..." \t\nabzA09_-.,:/\\\"'@#>*`é\u0301👍"];

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm;
const LITERAL = /(?<=[(,=:[!&|?{};+]\s*|=> ?|return )\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n*>])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])*)\/([dgimsuvy]*)/g;

/** @typedef {{ where: string, source: string, flags: string }} Pattern */

/** All that are written as literals. @returns {Pattern[]} */
function patterns() {
  return readdirSync(WEB, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js") && !name.startsWith("vendor"))
    .flatMap((name) =>
      [...readFileSync(WEB + name, "utf8").replace(COMMENT, "").matchAll(LITERAL)].map(([whole, source, flags]) => ({ where: `${name}: ${whole}`, source, flags })),
    )
    .filter(isOne);
}

/** Whether it is none of what a template has between two slashes. @param {Pattern} pattern */
function isOne({ source, flags }) {
  try {
    return new RegExp(source, flags) !== null;
  } catch {
    return false;
  }
}

/** What is repeated: each letter, what the pattern has of words, and pairs of its signs. @param {string} source */
function pieces(source) {
  const plain = source.replace(/\\./g, " ");
  const words = [...(plain.match(/[A-Za-z]{2,}/g) ?? []), ...(plain.match(/[^()[\]|*+?{}^$.]{2,}/g) ?? [])];
  const signs = [...new Set([...source.replace(/\\.|\w/g, "").slice(0, 6), " ", "a", "0"])];
  const pairs = signs.flatMap((one) => signs.map((other) => one + other));
  const endings = words.flatMap((word) => ["=", "://", ":", " ", "."].flatMap((sign) => [word + sign, `<${word}${sign}`]));
  return new Set([...COMMON, ...signs, ...words, ...pairs, ...endings]);
}

/** Milliseconds of this process, not of the others on the machine. @param {Pattern} pattern @param {string} piece @param {number} length */
function took({ source, flags }, piece, length) {
  const pattern = new RegExp(source, flags.includes("g") ? flags : `${flags}g`);
  const text = `${piece.repeat(length / piece.length)}\0`;
  const begin = process.cpuUsage();
  text.replace(pattern, "");
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** @param {Pattern} pattern @param {string} piece @param {number} length */
const least = (pattern, piece, length) => Math.min(...[1, 2, 3].map(() => took(pattern, piece, length)));

test("no pattern takes more than linear time", () => {
  const slow = [];
  const found = patterns();
  assert.ok(found.length > 40, `${found.length}`);
  for (const pattern of found)
    for (const piece of pieces(pattern.source)) {
      if (took(pattern, piece, LENGTH) < SUSPICIOUS) continue;
      const once = least(pattern, piece, LENGTH);
      const twice = least(pattern, piece, 2 * LENGTH);
      if (once > SUSPICIOUS && twice > 3 * once) slow.push(`${pattern.where} ${JSON.stringify(piece)}: ${once} ms, ${twice} ms`);
    }
  assert.deepEqual(slow, []);
});
