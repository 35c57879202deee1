// A socket that is opened again when it is lost. What goes over it is the caller's affair.

const SHORTEST_WAIT = 500; // ms before the first try to connect again; it doubles
const LONGEST_WAIT = 30_000; // ms
const STABLE = 5_000; // ms a socket must have lasted for the wait to start small again

export class Connection {
  #path;
  #on;
  #socket = null;
  #opened = 0;
  #tries = 0; // connections in a row that did not last
  #again = null; // the timer of the next one

  // `on` has opened(), frame(object) and lost({ code, reason, wasOpen, wait }), wait in ms; none is called after
  // close().
  constructor(path, on) {
    this.#path = path;
    this.#on = on;
    this.#open();
  }

  #open() {
    clearTimeout(this.#again);
    this.#opened = Date.now();
    const mine = new WebSocket(new URL(this.#path, location.href.replace(/^http/, "ws")));
    this.#socket = mine;
    let wasOpen = false;
    mine.onopen = () => {
      if (mine !== this.#socket) return;
      wasOpen = true;
      this.#on.opened();
    };
    mine.onmessage = (event) => {
      if (mine === this.#socket) this.#on.frame(JSON.parse(event.data));
    };
    mine.onclose = ({ code, reason }) => {
      if (mine === this.#socket) this.#lost({ code, reason, wasOpen });
    };
  }

  #lost(how) {
    this.#socket = null;
    this.#tries = Date.now() - this.#opened > STABLE ? 0 : this.#tries + 1;
    const wait = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** this.#tries) * (0.5 + Math.random() / 2);
    this.#again = setTimeout(() => this.#open(), wait);
    this.#on.lost({ ...how, wait });
  }

  send(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  // Give this socket up, as if it had been lost. Its own close may take long where the network swallows everything.
  drop() {
    const old = this.#socket;
    if (!old) return;
    this.#lost({ code: 1006, reason: "", wasOpen: true });
    old.close();
  }

  // Do not wait for the next try.
  hurry() {
    if (this.#socket === null) this.#open();
  }

  close() {
    clearTimeout(this.#again);
    const old = this.#socket;
    this.#socket = undefined; // not null: hurry() opens none
    old?.close();
  }
}
