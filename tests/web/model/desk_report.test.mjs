// The report of the desk as CSV: what a spreadsheet would run is a text.

import assert from "node:assert/strict";
import test from "node:test";
import { cell, csvOf } from "../../../chat/web/features/desk_report/csv.js";

test("a name that a spreadsheet would run as a formula is a text", () => {
  for (const name of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1"]) assert.match(cell(name), /^"'/);
  assert.equal(cell('=a"b'), `"'=a""b"`);
  assert.equal(cell("olga, Ольга"), '"olga, Ольга"');
  assert.equal(cell("olga"), "olga");
});

test("there is a line for all, for each week and for each operator", () => {
  const figures = { cases: 2, answered: 1, closed: 1, answer_median: 60, answer_90: 90 };
  const text = csvOf({
    since: "2026-11-16",
    zone: "UTC",
    all: figures,
    weeks: [{ ...figures, week: "2026-11-23" }],
    operators: [{ ...figures, operator: { id: 1, name: "=olga" } }, { cases: 1 }],
  });
  assert.ok(text.startsWith("\ufeffweek,operator,cases,answered,closed,answer_median_seconds,"));
  assert.deepEqual(text.trimEnd().split("\r\n").slice(1), [
    ",,2,1,1,60,90,,,0,0",
    "2026-11-23,,2,1,1,60,90,,,0,0",
    `,"'=olga",2,1,1,60,90,,,0,0`,
    ",(none),1,0,0,,,,,0,0",
  ]);
});
