// The plain page: one socket that everybody listens on and that a person who logged in speaks on (/messenger).
// Whatever comes from the server is put in as text, never as markup.

const SHORTEST_WAIT = 500; // ms before the first try to connect again; it doubles
const LONGEST_WAIT = 30_000; // ms
const STABLE = 5_000; // ms a socket must have lasted for the wait to start small again
const ANSWER_WITHIN = 15_000; // ms for an HTTP call
const MOST_LINES = 500; // on the page; older ones go
const RECALLED = 50; // lines of history
const KEPT_AS = "trio-chat-token"; // for this tab, so that a reload stays logged in

const [status, leave, lines, door, trouble, speech, message] =
  ["status", "leave", "lines", "door", "trouble", "speech", "message"].map((id) => document.getElementById(id));

let token = sessionStorage.getItem(KEPT_AS);
let name = null; // who the server says we are, once it has
let socket = null;
let tries = 0; // connections in a row that did not last
let again = null; // the timer of the next one

function connect() {
  clearTimeout(again);
  const opened = Date.now();
  const mine = new WebSocket(new URL("/messenger", location.href.replace(/^http/, "ws")));
  socket = mine;
  if (!tries) status.textContent = "Connecting…"; // later tries leave what went wrong on the page
  let wasOpen = false;
  mine.onopen = () => {
    wasOpen = true;
    token ? authorise() : showWhoWeAre();
  };
  mine.onmessage = (event) => {
    if (mine === socket) receive(JSON.parse(event.data));
  };
  mine.onclose = () => {
    if (mine !== socket) return; // replaced already
    name = null;
    tries = Date.now() - opened > STABLE ? 0 : tries + 1;
    const wait = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** tries) * (0.5 + Math.random() / 2);
    again = setTimeout(connect, wait);
    showWhoWeAre();
    status.textContent = `Not connected, trying again in ${Math.ceil(wait / 1000)} s.`;
    if (!wasOpen) explain(mine);
  };
}

// A browser does not tell a page why its socket was refused. The same path answers a call with the same words.
async function explain(refused) {
  const call = { method: "POST", signal: AbortSignal.timeout(ANSWER_WITHIN) };
  const response = await fetch("/messenger", call).catch(() => null);
  const answer = response?.status === 403 ? await response.json().catch(() => null) : null;
  if (answer?.error && refused === socket) status.textContent = `Not connected: ${answer.error}`;
}

function reconnect() {
  const old = socket;
  name = null;
  connect();
  old?.close();
}

function receive(line) {
  if (line.username !== "server") return show(line.username, line.message);
  const authorised = /^authorised as (.+)$/s.exec(line.message);
  if (authorised) return welcome(authorised[1]);
  if (token && name === null && /token/.test(line.message)) return forget("Please log in again.");
  notice(line.message);
  // Not the token's fault: the server could not look. Start over, as after a lost connection.
  if (token && name === null) socket.close();
}

function welcome(as) {
  name = as;
  lines.replaceChildren(); // the history has them, in order
  lines.setAttribute("aria-busy", "true"); // or every recalled line is read out
  setTimeout(() => lines.removeAttribute("aria-busy"), 1_000);
  send(`history ${RECALLED}`);
  showWhoWeAre();
  message.focus();
}

function forget(why = "") {
  token = null;
  sessionStorage.removeItem(KEPT_AS);
  reconnect(); // a socket can't be unauthorised
  showWhoWeAre();
  trouble.textContent = why;
  door.elements.username.focus();
}

function authorise() {
  status.textContent = "Logging in…";
  send(`auth ${token}`);
}

function send(text) {
  socket.send(JSON.stringify({ username: name ?? nameIn(token), message: text }));
}

function nameIn(jwt) {
  const base64 = jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)).name;
}

function showWhoWeAre() {
  const open = socket.readyState === WebSocket.OPEN;
  door.hidden = token !== null;
  speech.hidden = leave.hidden = token === null;
  speech.querySelector("button").disabled = name === null;
  if (open) status.textContent = name === null ? "You can read. Log in to write." : `You are ${name}.`;
}

function show(speaker, text, kind = "") {
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const item = document.createElement("li");
  item.className = kind;
  for (const [tag, content] of [["b", speaker], ["span", text]]) {
    const part = item.appendChild(document.createElement(tag));
    part.dir = "auto";
    part.textContent = content;
    item.append(" ");
  }
  lines.append(item);
  while (lines.childElementCount > MOST_LINES) lines.firstElementChild.remove();
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

function notice(text) {
  show("server", text, "notice");
}

door.addEventListener("submit", async (event) => {
  event.preventDefault();
  const call = event.submitter?.value ?? "/api/login";
  const buttons = door.querySelectorAll("button");
  trouble.textContent = "";
  for (const button of buttons) button.disabled = true;
  try {
    const response = await fetch(call, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: door.elements.username.value, password: door.elements.password.value }),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || !answer.token) throw new Error(answer.error ?? `The server answered ${response.status}.`);
    token = answer.token;
    sessionStorage.setItem(KEPT_AS, token);
    door.reset();
    showWhoWeAre();
    if (socket.readyState === WebSocket.OPEN) authorise();
  } catch (error) {
    trouble.textContent = error.name === "TimeoutError" ? "The server does not answer." : error.message;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});

speech.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = message.value.trim();
  if (!text || name === null || socket.readyState !== WebSocket.OPEN) return;
  send(text);
  // The server tells everybody but the socket that spoke; control words it tells nobody.
  if (!/^(auth|history)(\s+\S+)?$/.test(text)) show(name, text, "own");
  message.value = "";
});

leave.addEventListener("click", () => forget());
addEventListener("online", () => socket.readyState === WebSocket.CLOSED && connect());

connect();
