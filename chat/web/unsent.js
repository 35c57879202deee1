// What was typed and is not acknowledged, the box included; it survives a reload. Nothing leaves here without an
// acknowledgement, without being seen in the history, or by the person's own hand.
//
// The protocol has no key by which the server knows a line that comes twice. So a line of which nobody knows whether
// it was saved is never sent again by itself.

import { line } from "./log.js";

export class Unsent {
  #me;
  #list;
  #box;
  #on;
  #key;
  #lines = []; // { text, state: waiting, flying, unsure or failed, reason, after, item }; after: the newest id
  // that was known when it was sent, or null

  // `me` has uid and name; on.changed(change) is called with what changes the list, on.again() when one is to be sent.
  constructor(me, list, box, on) {
    [this.#me, this.#list, this.#box, this.#on] = [me, list, box, on];
    this.#key = `trio-chat-unsent-${me.uid}`; // of this tab: another tab must not send it as well
    const kept = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}");
    list.replaceChildren();
    box.value = kept.draft ?? "";
    for (const { text, after, reason } of kept.lines ?? []) {
      const restored = this.#append(text, after);
      if (reason || after === null) this.#show(restored, "failed", reason || "the page was loaded again");
      else this.#show(restored, "unsure");
    }
  }

  keep() {
    const lines = this.#lines.map(({ text, after, reason }) => ({ text, after, reason }));
    sessionStorage.setItem(this.#key, JSON.stringify({ draft: this.#box.value, lines }));
  }

  push(text) {
    this.#show(this.#append(text, null), "waiting");
  }

  // The text of the next line to send, unless one is under way.
  send(newest) {
    if (this.#flying) return null;
    const next = this.#lines.find(({ state }) => state === "waiting");
    if (!next) return null;
    next.after = newest;
    this.#show(next, "flying");
    return next.text;
  }

  get #flying() {
    return this.#lines.find(({ state }) => state === "flying");
  }

  // Returns the text that the server has saved.
  acknowledged() {
    const sent = this.#flying;
    if (sent) this.#remove(sent);
    return sent?.text;
  }

  refused(reason) {
    if (this.#flying) this.#show(this.#flying, "failed", reason);
  }

  connectionLost() {
    if (this.#flying) this.#show(this.#flying, "unsure");
  }

  // The id beyond which the history tells what became of the lines, or null.
  get since() {
    const tried = this.#lines.filter(({ after }) => after !== null).map(({ after }) => after);
    return tried.length ? Math.min(...tried) : null;
  }

  // Something of ours is in the room that no acknowledgement told.
  heard({ ID, Text }) {
    const said = Text.trim();
    const sent = this.#lines.find(
      ({ text, state, after }) => state !== "flying" && after !== null && after < ID && text.trim() === said,
    );
    if (sent) this.#remove(sent);
  }

  // The history is read: what is still unsure is not in it.
  settle() {
    for (const each of this.#lines) {
      if (each.state === "unsure") this.#show(each, "failed", "the connection was lost before the server answered");
    }
  }

  #append(text, after) {
    const author = document.createElement("b");
    author.textContent = this.#me.name;
    const item = line(author, text, "own");
    const added = { text, after, item, state: "", reason: "" };
    this.#lines.push(added);
    this.#on.changed(() => this.#list.append(item));
    return added;
  }

  #show(shown, state, reason = "") {
    [shown.state, shown.reason] = [state, reason];
    const told = document.createElement("span");
    told.className = "state";
    if (state === "failed") {
      told.setAttribute("role", "alert");
      const buttons = [button("Send again", () => this.#again(shown)), " ", button("Edit", () => this.#edit(shown))];
      told.append(`not sent: ${reason} `, ...buttons);
    } else {
      told.textContent = state === "unsure" ? "connection lost: looking whether it was sent…" : "sending…";
    }
    this.#on.changed(() => {
      shown.item.querySelector(".state")?.remove();
      shown.item.classList.toggle("failed", state === "failed");
      shown.item.append(" ", told);
    });
    this.keep();
  }

  #again(failed) {
    this.#show(failed, "waiting");
    this.#on.again();
  }

  // Back into the box, behind what is there.
  #edit(failed) {
    this.#box.value = [this.#box.value, failed.text].filter(Boolean).join("\n");
    this.#remove(failed);
    this.#box.focus();
  }

  #remove(done) {
    this.#lines.splice(this.#lines.indexOf(done), 1);
    this.#on.changed(() => done.item.remove());
    this.keep();
  }
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
