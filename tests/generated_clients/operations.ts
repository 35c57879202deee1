// Call the operations with the generated types, and say which. Types that are not those of the wire do not compile.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const [url, name] = process.argv.slice(2) as [string, string];
const password = "a long secret";

function done<T>(
  what: string,
  answer: { data?: T; error?: components["schemas"]["Error"]; response: Response },
): T {
  if (!answer.response.ok) throw new Error(`${what}: ${answer.response.status} ${answer.error?.code}`);
  console.log(what);
  return answer.data as T;
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

const anybody = createClient<paths>({ baseUrl: url });
const server = done("server_info", await anybody.GET("/api/v1/server"));
check(server.protocol === 1 && server.limits.text === 4000, "what the server is");
done("register", await anybody.POST("/api/v1/auth/register", { body: { name, password } }));
const first = done("log_in", await anybody.POST("/api/v1/auth/login", { body: { login: name, password } }));
const session = done("refresh", await anybody.POST("/api/v1/auth/refresh", { body: { refresh: first.refresh ?? null } }));

const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${session.access}` } });
const me = done("me", await api.GET("/api/v1/me"));
check((me.display ?? "") === "", "no display name yet");
done("change_me", await api.PATCH("/api/v1/me", { body: { display: "The " + name } }));
check(done("sessions", await api.GET("/api/v1/me/sessions")).sessions.length === 2, "two sessions");
done("people", await api.GET("/api/v1/people", { params: { query: { q: name, limit: 5 } } }));
const person = { params: { path: { person: me.id } } };
check(done("person", await api.GET("/api/v1/people/{person}", person)).display === "The " + name, "the new name");

const made = done("new_room", await api.POST("/api/v1/rooms", { body: { name: `room of ${name}`, private: true } }));
const path = { room: made.id };
check(done("room", await api.GET("/api/v1/rooms/{room}", { params: { path } })).private ?? false, "a private room");
const rooms = done("own_rooms", await api.GET("/api/v1/rooms", { params: { query: { limit: 100 } } })).rooms;
check(rooms.some(({ id }) => id === made.id), "the room among one's own");
done("change_room", await api.PATCH("/api/v1/rooms/{room}", { params: { path }, body: { topic: "types" } }));
done("mine", await api.PATCH("/api/v1/rooms/{room}/mine", { params: { path }, body: { notify: "all" } }));
const invite = done("new_invite", await api.POST("/api/v1/invites", { body: { room: made.id, uses: 3 } }));
const code = { params: { path: { code: invite.code } } };
check(done("invite", await anybody.GET("/api/v1/invites/{code}", code)).uses === 3, "three uses");

const uploaded = await api.POST("/api/v1/rooms/{room}/files", {
  params: { path, query: { name: "notes.txt" } },
  body: "notes",
  bodySerializer: (body: string) => body,
  headers: { "Content-Type": "application/octet-stream" },
});
const file = done("upload", uploaded);
const text = await api.GET("/api/v1/files/{id}", { params: { path: { id: file.id } }, parseAs: "text" });
check(done("download", text) === "notes", "the bytes of the file");

const body = { key: "k-1", text: "hello", files: [file.id] };
const said = done("send", await api.POST("/api/v1/rooms/{room}/messages", { params: { path }, body }));
const page = { params: { path, query: { limit: 10 } } };
const messages = done("history", await api.GET("/api/v1/rooms/{room}/messages", page)).messages;
check(messages.at(-1)?.text === "hello" && messages.at(-1)?.files?.[0]?.name === "notes.txt", "the message");
const one = { room: made.id, seq: said.seq };
const edited = { params: { path: one }, body: { text: "hello again" } };
check((done("edit", await api.PATCH("/api/v1/rooms/{room}/messages/{seq}", edited)).edited ?? 0) > 0, "edited");
const reaction = { params: { path: { ...one, emoji: "👍" } } };
const reacted = done("react", await api.PUT("/api/v1/rooms/{room}/messages/{seq}/reactions/{emoji}", reaction));
check(reacted.reactions?.[0]?.count === 1, "one reaction");
done("read", await api.PUT("/api/v1/rooms/{room}/read", { params: { path }, body: { seq: said.seq } }));
done("search", await api.GET("/api/v1/search", { params: { query: { q: "hello", from: me.id } } }));
const deleted = done("delete", await api.DELETE("/api/v1/rooms/{room}/messages/{seq}", { params: { path: one } }));
check(deleted.text === undefined && deleted.deleted?.by === me.id, "a text at its default is left out");
const missing = await api.GET("/api/v1/rooms/{room}", { params: { path: { room: 999_999 } } });
check(missing.error?.code === "not_found" && missing.error.error === missing.error.text, "an error");
done("log_out", await api.POST("/api/v1/auth/logout", { body: { refresh: session.refresh ?? null } }));
