// The plain page. Whoever is logged in speaks the rooms protocol (docs/protocols/rooms.md) in the lobby, which is
// room 1; anybody else listens to the lobby over Instant Messenger (/messenger), which needs no login.

import { call, nameOf } from "./calls.js";
import { Connection } from "./connection.js";
import { Log } from "./log.js";
import { Unsent } from "./unsent.js";

const LOBBY = 1;
const LONGEST_TEXT = 4_000; // characters
const ACKNOWLEDGED_WITHIN = 30_000; // ms; the server itself gives a commit five seconds
const MOST_TO_CATCH_UP = 500; // lines after a lost connection; beyond that the page starts over from the newest
const NEAR_TOP = 200; // px
const KEPT_AS = "trio-chat-token"; // for all tabs
const LOGGED_OUT = [4401, 4403]; // close codes: the token is no good any more
const AGAIN = "Please log in again.";
const { registration, lobby } = document.body.dataset; // the server's settings
const ANONYMOUS = lobby === "open" ? "You can read. Log in to write." : "Log in to read and write.";

const [status, leave, view, older, beginning, lines, pending, door, trouble, speech, message, wrong] = [
  "status", "leave", "view", "older", "beginning", "lines", "unsent", "door", "trouble", "speech", "message", "wrong",
].map((id) => document.getElementById(id));

const log = new Log(view, lines, () => me && ([older.hidden, beginning.hidden] = [false, true]));
let token = null;
let me = null; // uid and name of whoever is logged in
let unsent = null; // theirs
let connection = null;
let newest = 0; // the id up to which everything was heard since the oldest line shown
let acknowledgedId = 0; // the newest of our own
let entering = false; // the next "enter" answers ours
let missed = []; // what comes while the history is read; null when all of it is read
let overdue = null; // the timer of an acknowledgement
let loading = false; // older lines

function begin(with_) {
  connection?.close();
  clearTimeout(overdue);
  token = with_;
  me = token && whoIsIn(token);
  log.clear();
  newest = acknowledgedId = 0;
  missed = [];
  loading = false;
  beginning.hidden = older.hidden = true;
  pending.replaceChildren();
  unsent = me && new Unsent(me, pending, message, { changed: (change) => log.keepingPlace(change), again: speak });
  door.hidden = me !== null;
  speech.hidden = leave.hidden = me === null;
  status.textContent = "Connecting…";
  const path = me ? `/ws?${new URLSearchParams({ token })}` : "/messenger";
  const mine = (connection = new Connection(path, {
    opened: () => me || (status.textContent = ANONYMOUS),
    frame: (frame) => (me ? told(frame) : overheard(frame)),
    lost: ({ code, reason, wasOpen, wait }) => {
      clearTimeout(overdue);
      entering = false;
      missed = [];
      unsent?.connectionLost();
      if (LOGGED_OUT.includes(code)) return forget(reason ? `${AGAIN} (The server said: ${reason}.)` : AGAIN);
      status.textContent = `Not connected, trying again in ${Math.ceil(wait / 1000)} s.`;
      if (!wasOpen) explain(mine);
    },
  }));
}

function whoIsIn(jwt) {
  try {
    const base64 = jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return { uid: claims.UID, name: claims.name };
  } catch {
    return null; // somebody else's
  }
}

// A browser does not tell a page why its socket was refused. Calls are answered with the same words.
async function explain(refused) {
  try {
    await call("POST", "/messenger");
  } catch (error) {
    if (error.status === 403 && refused === connection) status.textContent = `Not connected: ${error.message}`;
  }
  if (me) await call("GET", "/profile", { token }).catch((error) => refused === connection && endedBy(error));
}

// Whether an error says that the token is no good any more; then it is forgotten.
function endedBy(error) {
  if (error.status !== 401) return false;
  forget(AGAIN);
  return true;
}

function forget(why = "") {
  if (localStorage.getItem(KEPT_AS) === token) localStorage.removeItem(KEPT_AS); // not a newer one of another tab
  begin(null);
  trouble.textContent = why;
  door.elements.username.focus();
}

// --- nobody is logged in ---

function overheard({ username, message: text }) {
  log.append(username, text, username === "server" ? "notice" : "");
}

// --- somebody is ---

function told(frame) {
  switch (frame.Type) {
    case "enter":
      if (entering) return catchUp(connection, missed);
      entering = true;
      return connection.send({ Type: "enter", RoomID: LOBBY });
    case "message":
      return missed ? void missed.push(frame) : log.keepingPlace(() => heard(frame));
    case "sent":
      return acknowledged(frame);
    case "error":
      if (missed) return connection.drop(); // not let in: the database does not answer
      clearTimeout(overdue);
      if (frame.Error !== "internal error") {
        unsent.refused(frame.Error);
        return speak();
      }
      unsent.refused("the server could not save it");
      return connection.drop(); // the history says later whether it is saved after all
  }
}

function heard(frame) {
  if (frame.ID > newest && frame.UID === me.uid && !log.has(frame.ID)) unsent.heard(frame);
  newest = Math.max(newest, frame.ID);
  log.add(frame, me.uid);
}

function acknowledged({ MessageID, Timestamp }) {
  clearTimeout(overdue);
  acknowledgedId = MessageID;
  const sent = { ID: MessageID, UID: me.uid, Text: unsent.acknowledged(), Timestamp };
  // Not heard(): messages of others with smaller ids may still be on their way.
  if (sent.Text !== undefined) log.keepingPlace(() => log.add(sent, me.uid));
  speak();
}

function speak() {
  if (missed) return; // it is sent when the history is read
  const text = unsent.send(Math.max(newest, acknowledgedId));
  if (text === null) return;
  connection.send({ Type: "message", Text: text });
  overdue = setTimeout(() => connection.drop(), ACKNOWLEDGED_WITHIN);
}

const history = (lastId) => call("GET", `/messages/${LOBBY}?LastID=${lastId}`, { token });

// Read what was said while there was no connection: back to what was heard, and to what became of our own lines.
async function catchUp(mine, during) {
  const isOver = () => mine !== connection || during !== missed; // another login, or lost again
  try {
    const since = newest || unsent.since;
    let page = await history(0);
    const gap = [...page];
    while (since && page.length && page.at(-1).ID > since && gap.length < MOST_TO_CATCH_UP) {
      page = await history(page.at(-1).ID - 1);
      gap.push(...page);
    }
    if (isOver()) return;
    if (newest && page.length && page.at(-1).ID > newest) log.clear();
    missed = null;
    log.keepingPlace(() => {
      if (log.oldest === null) [older.hidden, beginning.hidden] = [false, true];
      [...gap.reverse(), ...during].forEach(heard);
    });
    unsent.settle();
    status.textContent = `You are ${me.name}.`;
    nameOf(me.uid).then((name) => mine === connection && missed === null && (status.textContent = `You are ${name}.`));
    speak();
    fill();
  } catch (error) {
    if (isOver() || endedBy(error)) return;
    connection.drop();
    status.textContent = `Not connected: ${error.message}`;
  }
}

// Load the page before the oldest line, once the top comes near.
async function fill() {
  if (older.hidden || loading || view.scrollTop > NEAR_TOP) return;
  await loadOlder();
}

async function loadOlder() {
  const mine = connection;
  loading = true;
  older.disabled = true;
  try {
    const before = (log.oldest ?? 0) - 1;
    const page = before > 0 ? await history(before) : [];
    if (mine !== connection) return;
    if (before !== (log.oldest ?? 0) - 1) return; // what it belongs to has gone meanwhile
    if (page.length) log.showPage(page, me.uid);
    else log.keepingPlace(() => ([older.hidden, beginning.hidden] = [true, false]));
    older.textContent = "Older lines";
  } catch (error) {
    if (mine !== connection || endedBy(error)) return;
    older.textContent = `Try again: older lines could not be loaded (${error.message})`;
    return;
  } finally {
    if (mine === connection) older.disabled = loading = false;
  }
  fill();
}

// --- what the person does ---

door.addEventListener("submit", async (event) => {
  event.preventDefault();
  const path = event.submitter?.value ?? "/api/login";
  const buttons = door.querySelectorAll("button");
  const { username, password, invite } = door.elements;
  trouble.textContent = "";
  for (const button of buttons) button.disabled = true;
  try {
    const body = { username: username.value, password: password.value };
    if (invite.value) body.invite = invite.value.trim();
    const answer = await call("POST", path, { body });
    localStorage.setItem(KEPT_AS, answer.token);
    door.reset();
    begin(answer.token);
    message.focus();
  } catch (error) {
    trouble.textContent = error.message;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});

speech.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = message.value.trim();
  const isLong = [...text].length > LONGEST_TEXT;
  wrong.textContent = isLong ? `A message has at most ${LONGEST_TEXT} characters.` : "";
  if (!text || isLong) return;
  message.value = "";
  unsent.push(text);
  speak();
  view.scrollTop = view.scrollHeight;
});

message.addEventListener("input", () => unsent?.keep());
message.addEventListener("keydown", (event) => {
  // Enter that ends the composing of a character (as in Japanese) sends nothing; 229 is what Safari calls it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  speech.requestSubmit();
});

leave.addEventListener("click", () => forget());
older.addEventListener("click", () => loading || loadOlder());
view.addEventListener("scroll", fill);
addEventListener("online", () => connection.hurry());
addEventListener("storage", ({ key, newValue }) => key === KEPT_AS && newValue !== token && begin(newValue));

document.getElementById("register").hidden = registration === "closed";
document.getElementById("invite").hidden = registration !== "invite";
door.elements.invite.value = new URLSearchParams(location.search).get("invite") ?? "";
begin(localStorage.getItem(KEPT_AS));
