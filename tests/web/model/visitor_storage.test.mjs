// The widget's storage when two pages of a site write at the same time: each sees the other's writes a little later.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openVisitorStorage } from "../../../chat/web/widget/visitor_storage.js";

globalThis.addEventListener = () => {};

/** What one page sees: what it wrote itself, and what others did until it was told. */
function viewOf(shared) {
  let unsynced = [];
  const view = Object.create(
    {
      getItem: (name) => view[name] ?? null,
      setItem(name, value) {
        view[name] = value;
        unsynced.push([name, value]);
      },
      removeItem(name) {
        delete view[name];
        unsynced.push([name, undefined]);
      },
    },
  );
  const publish = () => {
    for (const [name, value] of unsynced) {
      if (value === undefined) shared.delete(name);
      else shared.set(name, value);
    }
    unsynced = [];
  };
  const receive = () => {
    for (const name of Object.keys(view)) delete view[name];
    Object.assign(view, Object.fromEntries(shared));
  };
  return { view, publish, receive };
}

/** Two pages of a site, which do something on what they see. */
function twoPages(first = {}) {
  const shared = new Map(Object.entries(first));
  const pages = [0, 1].map(() => {
    const { view, publish, receive } = viewOf(shared);
    const as = (act) => {
      globalThis.localStorage = view;
      return act();
    };
    receive();
    const storage = as(() => openVisitorStorage(() => {}));
    publish();
    return { receive, publish, run: (act) => as(() => act(storage)) };
  });
  return {
    pages,
    sync() {
      for (const { publish } of pages) publish();
      for (const { receive } of pages) receive();
    },
  };
}

const row = (key) => ({ key, room: 7, text: `text of ${key}`, at: 1 });
const keys = async (page) => (await page.run((storage) => storage.outbox.all())).map(({ key }) => key);

test("a pending message of one page survives writes of another", async () => {
  const { pages, sync } = twoPages();
  const [one, other] = pages;
  sync();
  await one.run((storage) => storage.outbox.put(row("a")));
  await other.run((storage) => storage.outbox.put(row("b")));
  other.run((storage) => storage.put({ draft: "and" }));
  sync();
  assert.deepEqual((await keys(one)).sort(), ["a", "b"]);
  await one.run((storage) => storage.outbox.delete("a"));
  await other.run((storage) => storage.outbox.put(row("c")));
  sync();
  assert.deepEqual(await keys(other), ["b", "c"]);
});

test("writing a draft does not restore a used token", () => {
  const { pages, sync } = twoPages();
  const [one, other] = pages;
  one.run((storage) => storage.session.put({ refresh: "first" }));
  sync();
  one.run((storage) => storage.session.put({ refresh: "second" }));
  other.run((storage) => storage.put({ draft: "hello" }));
  sync();
  assert.deepEqual(other.run((storage) => storage.session.body()), { refresh: "second" });
  assert.equal(one.run((storage) => storage.get().draft), "hello");
});

test("values of an earlier version, in one item, are taken over", async () => {
  const old = { refresh: "token", room: 7, draft: "half a", outbox: [row("a"), row("b")] };
  const [page] = twoPages({ "chat.widget": JSON.stringify(old) }).pages;
  assert.deepEqual(await keys(page), ["a", "b"]);
  const { refresh, room, draft } = page.run((storage) => storage.get());
  assert.deepEqual([refresh, room, draft], ["token", 7, "half a"]);
});
