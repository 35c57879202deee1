// The room list, rights in a room, and search queries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { panelOf, roomPath } from "../../../chat/web/model/panel.js";
import { afterReading, later } from "../../../chat/web/features/folders/changes.js";
import { parseSearchQuery } from "../../../chat/web/model/search_query.js";
import { rightsIn } from "../../../chat/web/model/rights.js";
import { attention, orderOf, sections } from "../../../chat/web/model/room_list.js";

const room = (id, fields = {}) => ({ info: { id, kind: "room", name: `room ${id}`, at: id, unread: 0, mentions: 0, notify: "mentions", ...fields } });
const nameOf = (info) => info.name;
const shown = (rooms, options = {}) => sections(rooms, { nameOf, ...options }).map(({ name, rooms }) => [name, rooms.map(({ id }) => id)]);

test("sections sort by activity, and support by waiting time", () => {
  const rooms = [
    room(1, { kind: "lobby", name: "lobby" }),
    room(2),
    room(3, { at: 9 }),
    room(4, { kind: "direct" }),
    room(5, { kind: "support", support: { waiting_since: 70 } }),
    room(6, { kind: "support", support: {} }),
    room(7, { kind: "support", support: { waiting_since: 50 } }),
    room(8, { archived: true, starred: true }),
    room(9, { starred: true }),
    room(10, { kind: "direct", starred: true }),
  ];
  assert.deepEqual(shown(rooms), [
    ["lobby", [1]],
    ["starred", [10, 9]],
    ["rooms", [3, 2]],
    ["people", [4]],
    ["support", [7, 5, 6]],
    ["archived", [8]],
  ]);
});

test("rooms keep a given order, and new ones come after them", () => {
  const order = orderOf(sections([room(1), room(2), room(3)], { nameOf }));
  assert.deepEqual(shown([room(1, { at: 99 }), room(2), room(3), room(4, { at: 100 })], { order }), [["rooms", [3, 2, 1, 4]]]);
});

test("the filter ignores case and accents, and finds hidden rooms", () => {
  const rooms = [room(1, { name: "Größe" }), room(2, { name: "CAFÉ", hidden: true }), room(3, { hidden: true, unread: 2 })];
  assert.deepEqual(shown(rooms), [["rooms", [3, 1]]]);
  assert.deepEqual(shown(rooms, { filter: "cafe" }), [["rooms", [2]]]);
  assert.deepEqual(shown(rooms, { filter: "nowhere" }), []);
});

test("a muted room has no mark, and a direct room counts every message", () => {
  assert.deepEqual(attention(room(1, { unread: 5, mentions: 2 }).info), { isUnread: true, count: 2, isMuted: false });
  assert.deepEqual(attention(room(1, { unread: 5, mentions: 2, notify: "none" }).info), { isUnread: false, count: 0, isMuted: true });
  assert.deepEqual(attention(room(1, { unread: 5, kind: "direct" }).info), { isUnread: true, count: 5, isMuted: false });
  assert.deepEqual(attention(room(1, { unread: 5, others: [] }).info), { isUnread: true, count: 5, isMuted: false });
});

test("2,000 rooms are sorted", () => {
  const rooms = Array.from({ length: 2000 }, (_, id) => room(id + 1, { at: (id * 7919) % 2000 }));
  const [{ rooms: sorted }] = sections(rooms, { nameOf });
  assert.equal(sorted.length, 2000);
  assert.ok(sorted.every((info, index) => index === 0 || sorted[index - 1].at >= info.at));
});

test("folders are sections of their own, also without rooms", () => {
  const rooms = [room(1, { kind: "lobby" }), room(2), room(3, { starred: true }), room(4), room(5, { archived: true }), room(6)];
  const folders = [{ id: 9, name: "work", rooms: [4, 3, 5, 77] }, { id: 8, name: "none", rooms: [] }];
  assert.deepEqual(shown(rooms, { folders }), [["lobby", [1]], ["starred", [3]], ["folder-9", [4]], ["folder-8", []], ["rooms", [6, 2]], ["archived", [5]]]);
  assert.deepEqual(shown(rooms, { folders, filter: "4" }).map(([name]) => name), ["folder-9"]);
});

test("what came last of the folders is known, whatever comes late", () => {
  const told = (version, ...names) => ({ version, folders: names.map((name, id) => ({ id, name })) });
  const known = later(undefined, told(2, "one"));
  assert.deepEqual(known, { version: 2, folders: [{ id: 0, name: "one", rooms: [] }] });
  assert.equal(later(known, told(1, "older")), known);
  assert.equal(afterReading(undefined, known, told(1, "older")), known);
  assert.equal(afterReading(known, known, told(1, "restored")).folders[0].name, "restored");
});

test("rights follow the server's rules", () => {
  const who = (roles) => ({ id: 1, name: "ada", roles });
  const may = (info, roles = []) => Object.entries(rightsIn({ kind: "room", private: false, ...info }, who(roles))).flatMap(([name, may]) => (may ? [name] : []));
  assert.deepEqual(may({ role: "member" }), ["canSpeak", "canInvite", "canLeave"]);
  assert.deepEqual(may({ role: "member", private: true }), ["canSpeak", "canLeave"]);
  assert.deepEqual(may({ role: "moderator", private: true }), ["canSpeak", "canModerate", "canInvite", "canAddMembers", "canLeave"]);
  assert.deepEqual(may({ role: "owner" }), ["canSpeak", "canModerate", "isOwner", "canSetPicture", "canArchive", "canInvite", "canAddMembers", "canLeave"]);
  assert.deepEqual(may({ role: "member" }, ["moderator"]), ["canSpeak", "canModerate", "canInvite", "canLeave"]);
  assert.deepEqual(may({ role: "member" }, ["admin"]), ["canSpeak", "canModerate", "canArchive", "canInvite", "canLeave"]);
  assert.deepEqual(may({ role: "member", private: true }, ["admin"]), ["canSpeak", "canLeave"]);
  assert.deepEqual(may({ role: "owner", archived: true }), ["canModerate", "isOwner", "canSetPicture", "canArchive", "canLeave"]);
  assert.deepEqual(may({ kind: "direct" }), ["canSpeak"]);
  assert.ok(!may({ kind: "lobby" }).includes("canSetPicture"));
  assert.ok(may({ kind: "lobby" }, ["admin"]).includes("canSetPicture"));
});

test("a query is parsed into words and filters", () => {
  const NONE = { has: [], invalid: [], unknown: [] };
  const day = (...parts) => new Date(...parts).getTime();
  assert.deepEqual(parseSearchQuery('from:@ada "two words" in:"book club" -not since:2026-03-01 before:2026-04'), {
    words: '"two words" -not',
    ...NONE,
    from: "ada",
    room: "book club",
    since: day(2026, 2, 1),
    before: day(2026, 3, 1),
  });
  assert.deepEqual(parseSearchQuery("plain: from: http://in:side"), { words: "plain: http://in:side", ...NONE });
  assert.deepEqual(parseSearchQuery("x before:2026-02-30").invalid, ["before:2026-02-30"]);
  assert.deepEqual(parseSearchQuery('in:"open end'), { words: "", ...NONE, room: "open end" });
  assert.deepEqual(parseSearchQuery("«two words»"), { words: '"two words"', ...NONE });
  assert.deepEqual(parseSearchQuery('has:file tea HAS:Pictures has: has:"links" has:x'), {
    words: "tea",
    has: ["file", "image", "link"],
    invalid: [],
    unknown: ["has:x"],
  });
});

test("a panel is read from the address that names it", () => {
  for (const panel of [null, { show: "room" }, { show: "files" }, { show: "person", person: 7 }]) {
    assert.deepEqual(panelOf(new URL(roomPath(3, panel), "http://page").searchParams), panel);
  }
  assert.equal(panelOf(new URLSearchParams("show=person-0x1")), null);
});
