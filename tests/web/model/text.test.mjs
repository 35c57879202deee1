// The markdown of messages: elements and text; hostile texts stay text and are parsed quickly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { endsInLongQuote, barePieces, isOnlyEmoji, parse, preview, splitMentions } from "../../../chat/web/model/text.js";

/** As text of a notation short enough to compare: kind(children). */
const outline = (/** @type {import("../../../chat/web/model/text.js").Part[]} */ parts) =>
  parts
    .map((part) => (typeof part === "string" ? part : `${part.kind}${part.href ? `[${part.href}]` : ""}(${outline(part.children)})`))
    .join("");

/** All that a reader sees. */
const shown = (/** @type {import("../../../chat/web/model/text.js").Part[]} */ parts) =>
  parts.map((part) => (typeof part === "string" ? part : shown(part.children))).join("");

const KINDS = {
  "a *b* **c** ~~d~~ `e*f*`": "paragraph(a em(b) strong(c) del(d) code(e*f*))",
  "one\ntwo": "paragraph(one\ntwo)",
  "*one*\ntwo": "paragraph(em(one)break()two)",
  "one\n\ntwo": "paragraph(one)paragraph(two)",
  "```js\n<b> *x*\n```": "code-block(<b> *x*)",
  "```math\nx_1\n```": "formula(x_1)",
  "so $$x_1^2$$ is, and $$y$$": "paragraph(so formula(x_1^2) is, and formula(y))",
  "$$\\frac{1}\n{2}$$": "paragraph(formula(\\frac{1}\n{2}))",
  "for $$ and $$$$ *b*": "paragraph(for formula(and)$$ em(b))",
  "- a\n- b\n  1. c": "list(item(a)item(blist(item(c))))",
  "> a\n> > b": "quote(paragraph(a)quote(paragraph(b)))",
  "[a](https://b.example/c)": "paragraph(link[https://b.example/c](a))",
  "see https://b.example/c_d_e.": "paragraph(see link[https://b.example/c_d_e](https://b.example/c_d_e).)",
  "![a](https://b.example/c.png)": "paragraph(link[https://b.example/c.png](a))",
  "ada@chat.example": "paragraph(link[mailto:ada@chat.example](ada@chat.example))",
};

for (const [text, expected] of Object.entries(KINDS)) {
  test(`${JSON.stringify(text)} has the parts that it shows`, () => assert.equal(outline(parse(text)), expected));
}

const STAYS = [
  "<img src=x onerror=alert(1)> **",
  "<script>window.pwned = 1</script>",
  "[a](javascript:alert(1))",
  "[a](data:text/html,<b>)",
  "[a](vbscript:x) ![b](JaVaScRiPt:x)",
  "[a]: https://b.example",
  "a &amp; b &lt; c",
  "<https:evil>",
  "<!-- gone? -->",
  "snake_case_name and 2*3*4 = 24".replace("*3*", "×3×"),
];

for (const text of STAYS) {
  test(`${JSON.stringify(text)} is shown as it was typed`, () => {
    assert.equal(shown(parse(text)).replaceAll("\n", ""), text.replaceAll("\n", ""));
  });
}

const HOSTILE = ["> ", "*a **b ", "[", "![", "`", "1. ", "- x\n\n", "\n\n- ", "www.a.b(", "<a ", "a\n> ", "[a](", "h.a@b.c.d", "- - ", "[a.a](//"];

for (const piece of HOSTILE) {
  test(`4,000 characters of ${JSON.stringify(piece)} are parsed, or shown plain, in time`, () => {
    const text = piece.repeat(4000 / piece.length);
    parse(text);
    const took = Math.min(...[1, 2, 3].map(() => timed(() => parse(text))));
    assert.ok(took <= 50, `${took} ms`);
    assert.ok(depth(parse(text)) < 20);
  });
}

/** Milliseconds of this process, not of the others on the machine. @param {() => void} act */
function timed(act) {
  const begin = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** @param {import("../../../chat/web/model/text.js").Part[]} parts @returns {number} */
function depth(parts) {
  return 1 + Math.max(0, ...parts.map((part) => (typeof part === "string" ? 0 : depth(part.children))));
}

test("mentions are the longest matching names that no letter precedes", () => {
  const names = ["ada", "ada lovelace", "C++ (x)"];
  assert.deepEqual(splitMentions("hi @Ada Lovelace, x@ada @ada @c++ (x)!", names), [
    "hi ",
    "@Ada Lovelace",
    ", x@ada ",
    "@ada",
    " ",
    "@c++ (x)",
    "!",
  ]);
  assert.deepEqual(splitMentions("@ada and @jo, @adam @ada_ @ada-b", ["ada"]), ["", "@ada", " and @jo, @adam @ada_ ", "@ada", "-b"]);
});

test("a link whose text looks like another address has its real host", () => {
  const host = (/** @type {string} */ text) => {
    const [{ children: [link] }] = /** @type {any} */ (parse(text));
    return link.host;
  };
  assert.equal(host("[https://bank.example](https://evil.example/?https://bank.example)"), "evil.example");
  assert.equal(host("[bank.example](http://evil.example:8080/)"), "evil.example:8080");
  assert.equal(host("[log in at **www.bank.example**](https://bank.example.evil.example)"), "bank.example.evil.example");
  assert.equal(host("[ada@bank.example](mailto:eve@evil.example)"), "evil.example");
  assert.equal(host("[https://bank.example@x](https://evil.example/)"), "evil.example");
  assert.equal(host("https://bank.example@evil.example/"), "evil.example");
  assert.equal(host("[https://bank.example](https://bank.example:pass@evil.example)"), "evil.example");
  assert.equal(host("[...bank.example](https://evil.example)"), "evil.example");
  for (const lookAlike of ["https://b\u0430nk.example", "[b\u0430nk.example](https://b\u0430nk.example)", "[\u0441\u043e.example](https://\u0441\u043e.example)"])
    assert.match(host(lookAlike) ?? "", /^xn--.*\.example$/, lookAlike);
  for (const same of [
    "https://b.example/c.png?d=e.example",
    "www.b.example/x",
    "ada@chat.example",
    "ada.king@chat.example",
    "https://ada@chat.example/",
    "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/",
    "[our plan](https://b.example)",
    "[B.example/plan](https://www.b.example/plan)",
    "[ada@chat.example](mailto:ada@chat.example)",
    "[münchen.example](https://xn--mnchen-3ya.example/)",
  ])
    assert.equal(host(same), undefined, same);
});

test("a few emoji alone are large, other texts are not", () => {
  for (const text of ["😀", "👩🏽‍🚀 ❤️", "🇫🇷🇯🇵"]) assert.ok(isOnlyEmoji(text), text);
  for (const text of ["", "1", "*", "😀 a", "😀".repeat(7)]) assert.ok(!isOnlyEmoji(text), text);
});

test("a preview is one line of bounded length", () => {
  assert.equal(preview(" a\n\n  **b**c\n- d\n- `e` "), "a bc d e");
  assert.equal(preview("x".repeat(400), 10), `${"x".repeat(9)}…`);
});

test("a search hit is one line without its markdown", () => {
  const found = (/** @type {string[]} */ ...pieces) => barePieces(pieces);
  assert.deepEqual(found("see **the ", "pump", "** and `x`\n\n> soon"), ["see the ", "pump", " and x soon"]);
  assert.deepEqual(found("", "pump", ""), ["", "pump", ""]);
  assert.deepEqual(found("no hit, **bold**"), ["no hit, bold"]);
  assert.deepEqual(found("[a ", "plan", "](https://example.org/", "plan", ")"), ["a ", "plan", ""]);
  assert.deepEqual(found("*a ", "b", "* \ue000 ", "c"), ["a ", "b", " ", "c", ""]);
});

test("headings and tables are parts, and a number after a hash is text", () => {
  assert.deepEqual(parse("## Plan\nfor *today*"), [
    { kind: "heading", children: ["Plan"] },
    { kind: "paragraph", children: ["for ", { kind: "em", children: ["today"] }] },
  ]);
  assert.deepEqual(parse("#1 is done"), [{ kind: "paragraph", children: ["#1 is done"] }]);
  assert.deepEqual(parse("a | b\n-|-:\n1 | **2**"), [
    {
      kind: "table",
      children: [
        { kind: "row", children: [{ kind: "head", children: ["a"] }, { kind: "head", children: ["b"], align: "right" }] },
        {
          kind: "row",
          children: [
            { kind: "cell", children: ["1"] },
            { kind: "cell", children: [{ kind: "strong", children: ["2"] }], align: "right" },
          ],
        },
      ],
    },
  ]);
  assert.equal(preview("# Plan\n\na | b\n-|-\n1 | 2"), "Plan a b 1 2");
});

test("a long quote that ends a text, below other words, is folded", () => {
  const quote = `> ${"old words ".repeat(30)}`;
  assert.equal(endsInLongQuote(parse(`Yes.\n\n${quote}`)), true);
  for (const text of [quote, `${quote}\n\nYes.`, "Yes.\n\n> old", "Yes."]) assert.equal(endsInLongQuote(parse(text)), false, text);
});
