// Which texts are polls, and what the page makes of a command.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isWhole, OPTIONS, parsePoll, quoted, textOfClosed, textOfPoll } from "../../../chat/web/model/poll.js";

const LUNCH = "📊 Where do we eat?\n1️⃣ Pizza\n2️⃣ Soup";

test("a poll is read as it was written", () => {
  assert.equal(textOfPoll("Where do we eat?", ["Pizza", "Soup"], false), LUNCH);
  assert.deepEqual(parsePoll(LUNCH), {
    question: "Where do we eat?",
    options: [{ emoji: "1️⃣", text: "Pizza" }, { emoji: "2️⃣", text: "Soup" }],
    isMultiple: false,
    isClosed: false,
  });
  const ten = Array.from({ length: 10 }, (_, i) => `option ${i} · 7`);
  const poll = parsePoll(textOfPoll(" many\nlines ", ten, true));
  assert.deepEqual([poll?.question, poll?.isMultiple, poll?.options.map(({ text }) => text)], ["many lines", true, ten]);
  assert.equal(new Set(OPTIONS).size, 10);
});

test("a closed poll has its result in the text", () => {
  for (const isMultiple of [true, false]) {
    const poll = /** @type {import("../../../chat/web/model/poll.js").Poll} */ (parsePoll(textOfPoll("Tea?", ["yes · 1", "no"], isMultiple)));
    const closed = parsePoll(textOfClosed(poll, [{ emoji: "1️⃣", count: 20_000 }, { emoji: "👍", count: 3 }]));
    assert.deepEqual(closed, { ...poll, isClosed: true, options: [{ emoji: "1️⃣", text: "yes · 1", count: 20_000 }, { emoji: "2️⃣", text: "no", count: 0 }] });
  }
});

const NONE = [
  undefined,
  "",
  "📊",
  "📊 Lunch?",
  "📊 Lunch?\n1️⃣ Pizza",
  "📊Lunch?\n1️⃣ Pizza\n2️⃣ Soup",
  "📊 \n1️⃣ Pizza\n2️⃣ Soup",
  "📊 Lunch?\n1️⃣ Pizza\n3️⃣ Soup",
  "📊 Lunch?\n2️⃣ Pizza\n1️⃣ Soup",
  "📊 Lunch?\n1️⃣Pizza\n2️⃣Soup",
  "📊 Lunch?\n1️⃣ \n2️⃣ Soup",
  `${LUNCH}\n`,
  `${LUNCH}\nand more`,
  `see: ${LUNCH}`,
  `> ${LUNCH}`,
  "📊🔒 Lunch?\n1️⃣ Pizza\n2️⃣ Soup",
  "📊🔒 Lunch?\n1️⃣ Pizza · 1\n2️⃣ Soup · -1",
  "📊🔒 Lunch?\n1️⃣ Pizza · 1\n2️⃣ Soup · 1e9",
  "📊🔒☑️ Lunch?\n1️⃣ Pizza · 1\n2️⃣ Soup · 1",
  textOfPoll("eleven", Array(11).fill("x"), false),
];

test("other texts are no polls", () => {
  for (const text of NONE) assert.equal(parsePoll(text), null, text);
});

test("a text of 4,000 characters is read at once", () => {
  const begun = performance.now();
  for (const text of [`📊 ${"· ".repeat(2000)}`, `📊🔒 x\n1️⃣ ${" · 1".repeat(990)}`, `📊 x\n${"1️⃣ a\n".repeat(500)}`, '"'.repeat(4000)]) {
    parsePoll(text);
    quoted(text);
  }
  assert.ok(performance.now() - begun < 200);
});

test("a command has its words in quotation marks of any keyboard", () => {
  for (const text of ['"Tea or coffee?" "Tea" "Coffee"', "“Tea or coffee?” “Tea” “Coffee”", "„Tea or coffee?“ «Tea» »Coffee«"]) {
    assert.deepEqual(quoted(text), ["Tea or coffee?", "Tea", "Coffee"]);
  }
  assert.deepEqual(quoted("Tea or coffee?"), ["Tea or coffee?"]);
  assert.deepEqual(quoted('  "" '), []);
});

test("a poll has a question and two to ten options that differ", () => {
  assert.ok(isWhole("q", ["a", "b"]));
  for (const [question, options] of /** @type {[string, string[]][]} */ ([["", ["a", "b"]], ["q", ["a"]], ["q", ["a", "a"]], ["q", ["a", ""]], ["q", ["a", "x".repeat(101)]], ["q".repeat(301), ["a", "b"]], ["q", [..."abcdefghijk"]]])) {
    assert.ok(!isWhole(question, options));
  }
});
