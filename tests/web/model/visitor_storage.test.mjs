// What the widget keeps, where two pages of a site write at once: the browser tells one what the other wrote a little later.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openVisitorStorage } from "../../../chat/web/widget/visitor_storage.js";

globalThis.addEventListener = () => {};

/** What one page sees: what it wrote itself, and what others did until it was told. */
function viewOf(shared) {
  let unheard = [];
  const view = Object.create(
    {
      getItem: (name) => view[name] ?? null,
      setItem(name, value) {
        view[name] = value;
        unheard.push([name, value]);
      },
      removeItem(name) {
        delete view[name];
        unheard.push([name, undefined]);
      },
    },
  );
  const tell = () => {
    for (const [name, value] of unheard) {
      if (value === undefined) shared.delete(name);
      else shared.set(name, value);
    }
    unheard = [];
  };
  const hear = () => {
    for (const name of Object.keys(view)) delete view[name];
    Object.assign(view, Object.fromEntries(shared));
  };
  return { view, tell, hear };
}

/** Two pages of a site, which do something on what they see. */
function twoPages(first = {}) {
  const shared = new Map(Object.entries(first));
  const pages = [0, 1].map(() => {
    const { view, tell, hear } = viewOf(shared);
    const as = (act) => {
      globalThis.localStorage = view;
      return act();
    };
    hear();
    const kept = as(() => openVisitorStorage(() => {}));
    tell();
    return { hear, tell, does: (act) => as(() => act(kept)) };
  });
  return {
    pages,
    meet() {
      for (const { tell } of pages) tell();
      for (const { hear } of pages) hear();
    },
  };
}

const row = (key) => ({ key, room: 7, text: `text of ${key}`, at: 1 });
const keys = async (page) => (await page.does((kept) => kept.outbox.all())).map(({ key }) => key);

test("a pending message of one page survives writes of another", async () => {
  const { pages, meet } = twoPages();
  const [one, other] = pages;
  meet();
  await one.does((kept) => kept.outbox.put(row("a")));
  await other.does((kept) => kept.outbox.put(row("b")));
  other.does((kept) => kept.put({ draft: "and" }));
  meet();
  assert.deepEqual((await keys(one)).sort(), ["a", "b"]);
  await one.does((kept) => kept.outbox.delete("a"));
  await other.does((kept) => kept.outbox.put(row("c")));
  meet();
  assert.deepEqual(await keys(other), ["b", "c"]);
});

test("writing a draft does not restore a used token", () => {
  const { pages, meet } = twoPages();
  const [one, other] = pages;
  one.does((kept) => kept.session.put({ refresh: "first" }));
  meet();
  one.does((kept) => kept.session.put({ refresh: "second" }));
  other.does((kept) => kept.put({ draft: "hello" }));
  meet();
  assert.deepEqual(other.does((kept) => kept.session.body()), { refresh: "second" });
  assert.equal(one.does((kept) => kept.get().draft), "hello");
});

test("values of an earlier version, in one item, are taken over", async () => {
  const old = { refresh: "token", room: 7, draft: "half a", outbox: [row("a"), row("b")] };
  const [page] = twoPages({ "chat.widget": JSON.stringify(old) }).pages;
  assert.deepEqual(await keys(page), ["a", "b"]);
  const { refresh, room, draft } = page.does((kept) => kept.get());
  assert.deepEqual([refresh, room, draft], ["token", 7, "half a"]);
});
