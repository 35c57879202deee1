// The inbox: its conversations, their order, their counts, and the filter.

import assert from "node:assert/strict";
import { test } from "node:test";
import { conversations, countByPart, filterByText, queue } from "../../../chat/web/model/support_queue.js";

const ME = 1;
let id = 10;

const info = (name, support = {}, last = "") => ({
  id: (id += 1),
  kind: "support",
  support: { person: { id: id + 100, name }, state: "open", ...support },
  last: { at: id, text: last, sender: { id: id + 100, name } },
});
const names = (infos) => infos.map((each) => each.support.person.name);

test("the inbox has only open conversations of others", () => {
  const own = info("me");
  own.support.person.id = ME;
  const room = { id: 2, kind: "room", name: "garden" };
  const open = info("ada");
  delete open.support.state;
  const rooms = [own, info("ben", { state: "closed" }), room, open].map((each) => ({ info: each }));
  assert.deepEqual(names(conversations(rooms, ME)), ["ada"]);
});

test("the longest waiting is first, then the latest activity", () => {
  const infos = [info("quiet"), info("late", { waiting_since: 30 }), info("early", { waiting_since: 20 }), info("quieter")];
  assert.deepEqual(names(queue(infos, "open", ME)), ["early", "late", "quieter", "quiet"]);
  assert.deepEqual(names(queue(infos, "waiting", ME)), ["early", "late"]);
});

test("mine are the conversations assigned to me", () => {
  const mine = { assignee: { id: ME, name: "olga" } };
  const infos = [info("a", mine), info("b", { ...mine, waiting_since: 5 }), info("c", { assignee: { id: 2, name: "oscar" } }), info("d")];
  assert.deepEqual(names(queue(infos, "mine", ME)), ["b", "a"]);
  assert.deepEqual(countByPart(infos, ME), { waiting: 1, mine: 2, open: 4 });
  assert.deepEqual(queue(infos, "mine", undefined), []);
});

test("the filter finds person, address, page and last message without case and accents", () => {
  const infos = [info("Léa", { email: "lea@mail.example", page: "https://shop.example/cart" }, "Die Größe passt"), info("ben")];
  for (const text of ["lea", "MAIL.example", "cart lea", "größe", ""]) assert.ok(names(filterByText(infos, text)).includes("Léa"), text);
  assert.deepEqual(filterByText(infos, "lea ben"), []);
});
