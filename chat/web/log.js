// The lines that are saved, in the order of their ids, each once. Whatever comes from the server is put in as text.

import { knownNames, nameOf } from "./calls.js";

const MOST_LINES = 500; // on the page while its end is looked at; older ones go and can be loaded again
const AT_END = 40; // px from the end that still count as the end

export class Log {
  #view; // what scrolls
  #list;
  #trimmed; // called when older lines have gone
  #items = new Map(); // by id

  constructor(view, list, trimmed) {
    [this.#view, this.#list, this.#trimmed] = [view, list, trimmed];
    let height = view.clientHeight;
    new ResizeObserver(() => {
      if (view.scrollHeight - view.scrollTop - height < AT_END) view.scrollTop = view.scrollHeight;
      height = view.clientHeight;
    }).observe(view);
  }

  get oldest() {
    return this.#items.size ? Number(this.#list.firstElementChild.dataset.id) : null;
  }

  has(id) {
    return this.#items.has(id);
  }

  clear() {
    this.#items.clear();
    this.#list.replaceChildren();
  }

  // Change what is shown: whoever is at the end stays there, whoever reads further up sees no line move.
  keepingPlace(change) {
    const view = this.#view;
    const fromEnd = view.scrollHeight - view.scrollTop;
    const atEnd = fromEnd - view.clientHeight < AT_END;
    const oldest = this.oldest;
    change();
    if (atEnd) {
      this.#trim();
      view.scrollTop = view.scrollHeight;
    } else if (this.oldest !== oldest) {
      view.scrollTop = view.scrollHeight - fromEnd;
    }
  }

  // Show many at once without having them all read out.
  async showPage(messages, me) {
    this.#list.setAttribute("aria-busy", "true");
    this.keepingPlace(() => {
      for (const message of messages) this.add(message, me);
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.#list.removeAttribute("aria-busy");
  }

  // Show a message of the rooms protocol, unless it is shown. Inside keepingPlace().
  add({ ID, UID, Text, Timestamp }, me) {
    if (this.#items.has(ID)) return;
    const author = document.createElement("b");
    author.textContent = knownNames.get(UID) ?? "…";
    if (!knownNames.has(UID)) nameOf(UID).then((name) => this.keepingPlace(() => (author.textContent = name)));
    const item = line(author, Text, UID === me ? "own" : "");
    item.dataset.id = ID;
    item.insertBefore(timeOf(Timestamp), author);
    item.insertBefore(document.createTextNode(" "), author);
    const next = this.#after(ID);
    this.#list.insertBefore(item, next);
    this.#items.set(ID, item);
    markDay(item);
    if (next) markDay(next);
  }

  // The line before which a message belongs, or null. Nearly always it is the oldest of all, or the newest.
  #after(id) {
    const first = this.#list.firstElementChild;
    if (first && id < Number(first.dataset.id)) return first;
    let next = null;
    for (let at = this.#list.lastElementChild; at && Number(at.dataset.id) > id; at = at.previousElementSibling) next = at;
    return next;
  }

  // Show a line of which neither id nor time is told, at the end.
  append(speaker, text, kind = "") {
    const author = document.createElement("b");
    author.textContent = speaker;
    this.keepingPlace(() => this.#list.append(line(author, text, kind)));
  }

  #trim() {
    if (this.#list.childElementCount <= MOST_LINES) return;
    while (this.#list.childElementCount > MOST_LINES) {
      const oldest = this.#list.firstElementChild;
      this.#items.delete(Number(oldest.dataset.id));
      oldest.remove();
    }
    markDay(this.#list.firstElementChild);
    this.#trimmed();
  }
}

export function line(author, text, kind) {
  const item = document.createElement("li");
  item.className = kind;
  const said = document.createElement("span");
  author.dir = said.dir = "auto";
  said.className = "text";
  said.textContent = text;
  item.append(author, " ", said);
  return item;
}

function timeOf(timestamp) {
  const when = new Date(timestamp);
  const time = document.createElement("time");
  time.dateTime = timestamp;
  time.title = when.toLocaleString();
  time.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return time;
}

// The first line of a day has the day above it.
function markDay(item) {
  item.querySelector(".day")?.remove();
  const day = dayOf(item);
  if (!day || (item.previousElementSibling && dayOf(item.previousElementSibling) === day)) return;
  const heading = document.createElement("p");
  heading.className = "day";
  heading.textContent = day;
  item.prepend(heading);
}

function dayOf(item) {
  const time = item.querySelector("time");
  if (!time) return null;
  const whole = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
  return new Date(time.dateTime).toLocaleDateString([], whole);
}
