// A client of the native protocol for Node, written by docs/protocols/native.md, and the program around it that
// docs/protocols/conformance.md describes. It needs nothing but Node: 22, or 20 with --experimental-websocket.
//
//     node_modules/.bin/esbuild --outfile=build/client.mjs examples/client.ts
//     python -m chat.conformance -- node --experimental-websocket build/client.mjs

import { createInterface } from "node:readline";

type Json = Record<string, any>;
type Position = { pos: number; at: number };
type Sending = { room: number; key: string; text: string };

/** The rooms of a person, and their changes: each once and in order, across connections. */
class Client {
  /** Of each room its position: changes up to there are reported. */
  positions = new Map<number, Position>();
  /** Of each room its texts by `seq`, as they are now, and its last `seq`. */
  rooms = new Map<number, { seq: number; texts: Map<number, string> }>();

  /** Messages without an outcome, in the order of the calls, and which of them are on this connection. */
  private unsettled: Sending[] = [];
  private inFlight = new Map<number, (reply: Json) => void>();
  private isLive = false;
  private isSyncing = false;
  private hasGap = new Set<number>();
  private wait = 500;
  private lastId = 0;
  private socket: WebSocket | undefined;
  private isClosed = false;

  constructor(
    private server: string,
    private token: string,
    private report: (line: Json) => void,
  ) {}

  /** Connect; after each end of a connection connect again, after a wait that doubles up to half a minute. */
  connect(): void {
    const socket = new WebSocket(`${this.server.replace(/^http/, "ws")}/api/v1/socket`);
    this.socket = socket;
    this.inFlight.clear();
    this.hasGap.clear();
    this.isLive = this.isSyncing = false;
    socket.onopen = () => this.begin();
    socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)));
    socket.onclose = () => {
      if (this.isClosed) return;
      setTimeout(() => this.connect(), this.wait * (0.5 + Math.random() / 2));
      this.wait = Math.min(this.wait * 2, 30_000);
    };
  }

  close(): void {
    this.isClosed = true;
    this.socket?.close();
  }

  /** Send a message; the key makes it one message, however often it has to be sent. */
  send(sending: Sending): void {
    this.unsettled.push(sending);
    if (this.isLive) this.sendNow(sending);
  }

  private request(request: Json, settle: (reply: Json) => void): void {
    this.inFlight.set(++this.lastId, settle);
    this.socket?.send(JSON.stringify({ ...request, id: this.lastId }));
  }

  private begin(): void {
    this.request({ type: "hello", token: this.token }, (reply) => {
      if (reply.type === "error") throw new Error(`the server refuses the token: ${reply.text}`);
      const known = this.known([...this.positions.keys()]);
      this.request({ type: "sync", ...(known.length ? { known } : {}) }, () => {
        this.isLive = true;
        this.wait = 500;
        for (const sending of this.unsettled) this.sendNow(sending);
        this.fillGaps();
      });
    });
  }

  private known(rooms: number[]): Json[] {
    return rooms.flatMap((room) => {
      const position = this.positions.get(room);
      return position ? [{ room, ...position }] : [];
    });
  }

  private sendNow(sending: Sending): void {
    const socket = this.socket;
    this.request({ type: "send", ...sending }, (reply) => {
      if (reply.type === "error" && reply.retry_ms !== undefined) {
        setTimeout(() => this.socket === socket && this.sendNow(sending), reply.retry_ms);
        return;
      }
      this.unsettled = this.unsettled.filter((each) => each !== sending);
      this.report(
        reply.type === "error"
          ? { refused: sending.key, code: reply.code }
          : { sent: sending.key, seq: reply.seq },
      );
    });
  }

  private receive(frame: Json): void {
    const settle = this.inFlight.get(frame.id);
    if (settle && (frame.type === "error" || String(frame.type).endsWith("_ok"))) {
      this.inFlight.delete(frame.id);
      settle(frame);
    } else if (frame.type === "room") this.beginRoom(frame);
    else if (frame.type === "gone") {
      this.rooms.delete(frame.room);
      if (this.positions.delete(frame.room)) this.report({ event: "gone", room: frame.room });
    } else if (frame.type !== "more" && frame.room !== undefined && frame.pos !== undefined) this.change(frame);
    if (this.isLive) this.fillGaps();
  }

  /** A room as it is now: it is new, or the server does not have the position that was known. */
  private beginRoom(frame: Json): void {
    this.positions.set(frame.id, { pos: frame.pos, at: frame.at });
    this.rooms.set(frame.id, { seq: frame.seq, texts: new Map() });
    this.hasGap.delete(frame.id);
    this.report({ event: "room", room: frame.id, pos: frame.pos, ...(frame.reset && { reset: frame.reset }) });
  }

  /** A change counts if it is the next one: an earlier one came before, a later one comes after a gap. */
  private change(frame: Json): void {
    const position = this.positions.get(frame.room);
    if (!position || frame.pos <= position.pos) return;
    if (frame.pos > position.pos + 1) {
      this.hasGap.add(frame.room);
      return;
    }
    this.positions.set(frame.room, { pos: frame.pos, at: frame.at });
    const room = this.rooms.get(frame.room) ?? { seq: 0, texts: new Map<number, string>() };
    this.rooms.set(frame.room, room);
    if (frame.type === "message") {
      room.seq = frame.seq;
      room.texts.set(frame.seq, frame.text ?? "");
    } else if (frame.type === "edited" && room.texts.has(frame.seq)) room.texts.set(frame.seq, frame.text);
    else if (frame.type === "deleted" && room.texts.has(frame.seq)) room.texts.set(frame.seq, "");
    if (["message", "edited", "deleted"].includes(frame.type))
      this.report({ event: frame.type, room: frame.room, pos: frame.pos });
  }

  private fillGaps(): void {
    if (this.isSyncing || this.hasGap.size === 0) return;
    const known = this.known([...this.hasGap]);
    this.hasGap.clear();
    this.isSyncing = true;
    this.request({ type: "sync", known, rest: false }, () => {
      this.isSyncing = false;
      this.fillGaps();
    });
  }
}

const { CONFORMANCE_SERVER = "", CONFORMANCE_TOKEN = "", CONFORMANCE_POSITIONS = "{}" } = process.env;
const print = (line: Json) => console.log(JSON.stringify(line));
const client = new Client(CONFORMANCE_SERVER, CONFORMANCE_TOKEN, print);
for (const [room, [pos, at]] of Object.entries<[number, number]>(JSON.parse(CONFORMANCE_POSITIONS)))
  client.positions.set(Number(room), { pos, at });
client.connect();

const commands = createInterface({ input: process.stdin });
commands.on("line", (line: string) => {
  const { do: what, ...rest } = JSON.parse(line);
  if (what === "send") client.send(rest as Sending);
  if (what === "state") print({ state: [...client.rooms].map(stateOf) });
});
commands.on("close", () => {
  client.close();
  setTimeout(() => process.exit(0), 1000).unref();
});

function stateOf([room, { seq, texts }]: [number, { seq: number; texts: Map<number, string> }]): Json {
  return { room, pos: client.positions.get(room)?.pos, seq, texts: Object.fromEntries(texts) };
}
