// Shows the running server to admins: GET /admin/tree.json, each second while the page is visible. Everything from the
// server is inserted as text, never as markup.

const INTERVAL = 1_000; // ms between two requests
const TIMEOUT = 10_000; // ms for an HTTP call
const TOKEN_KEY = "trio-chat-admin-token"; // in sessionStorage, so that a reload stays logged in
const RATES = ["messages", "deliveries", "commits", "connections"];

const [status, pause, logout, login, problem, view, counters, result, clients, more, ends, tree] =
  ["status", "pause", "logout", "login", "problem", "view", "counters", "result", "clients", "more", "ends", "tree"]
    .map((id) => document.getElementById(id));

let token = sessionStorage.getItem(TOKEN_KEY);
let before = null; // the last snapshot, for the rates
let names = new Map(); // of the snapshot's clients
let paused = false;
let timer = null; // of the next request

async function call(path, method = "GET") {
  const response = await fetch(path, {
    method,
    headers: { Authorization: `Bearer ${token}` },
    credentials: "omit",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) logOut("Please log in again.");
  if (response.status === 403) logOut("Only an admin may look here.");
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}.`);
  return answer;
}

async function refresh() {
  clearTimeout(timer);
  if (token === null || paused || document.hidden) return;
  try {
    const [snapshot, ended] = await Promise.all([call("/admin/tree.json"), call("/admin/why")]);
    if (token === null || paused) return;
    showCounters(snapshot);
    showRows(clients, snapshot.clients, clientCells);
    showRows(ends, ended, endCells);
    more.textContent = snapshot.more ? `and ${snapshot.more.toLocaleString()} more` : "";
    names = new Map(snapshot.clients.map((client) => [client.connection, client.name ?? "–"]));
    tree.replaceChildren(list([taskItem(snapshot.tree)]));
    before = snapshot;
    status.textContent = `As of ${new Date().toLocaleTimeString()}.`;
  } catch (error) {
    if (token === null) return;
    before = null;
    status.textContent = error.name === "TimeoutError" ? "The server does not answer." : error.message;
  }
  clearTimeout(timer); // another refresh may have begun meanwhile
  timer = setTimeout(refresh, INTERVAL);
}

function showLoginState() {
  login.hidden = token !== null;
  view.hidden = pause.hidden = logout.hidden = token === null;
  if (token === null) status.textContent = "Log in as an admin.";
}

function logOut(why = "") {
  token = before = null;
  sessionStorage.removeItem(TOKEN_KEY);
  showLoginState();
  showResult("", "");
  for (const part of [tree, clients, ends, counters]) part.replaceChildren();
  problem.textContent = why;
  login.elements.username.focus();
}

function showCounters({ totals, clock }) {
  const seconds = before ? Math.max(0.001, clock - before.clock) : null;
  const figures = RATES.map((name) => [
    `${name} a second`,
    seconds ? Math.round((totals[name] - before.totals[name]) / seconds).toLocaleString() : "…",
  ]);
  counters.replaceChildren(...[["clients", totals.clients.toLocaleString()], ...figures].map(([name, figure]) => {
    const pair = document.createElement("div");
    pair.append(element("dt", name), element("dd", figure));
    return pair;
  }));
}

// Rows stay while their cells change, so that a button keeps the focus.
function showRows(body, items, cells) {
  const known = new Map([...body.rows].map((row) => [row.dataset.connection, row]));
  items.forEach((item, place) => {
    const row = known.get(String(item.connection)) ?? newRow(item, cells === clientCells);
    known.delete(String(item.connection));
    cells(item).forEach((text, column) => {
      if (!row.cells[column]) row.insertCell();
      if (row.cells[column].textContent !== text) row.cells[column].textContent = text;
    });
    if (!row.isConnected) row.append(row.buttons);
    if (body.rows[place] !== row) body.insertBefore(row, body.rows[place] ?? null);
  });
  for (const row of known.values()) row.remove();
}

function newRow({ connection }, open) {
  const row = document.createElement("tr");
  row.dataset.connection = connection;
  row.buttons = document.createElement("td");
  row.buttons.append(button("Why", () => why(connection), `Why: client ${connection}`));
  if (open) row.buttons.append(button("Cancel", () => cancel(connection), `Cancel client ${connection}`));
  return row;
}

function clientCells(client) {
  const outbox = client.queued_bytes
    ? `${client.queued_bytes.toLocaleString()} bytes in ${client.queued_batches}` : "–";
  return [
    String(client.connection), client.name ?? "–", client.dialect, client.address, duration(client.age),
    duration(client.silent), client.messages_in.toLocaleString(), client.bytes_in.toLocaleString(),
    client.closing === null ? outbox : `closing ${client.closing}`,
  ];
}

function endCells(end) {
  return [
    String(end.connection), end.name ?? "–", end.dialect, end.address, duration(end.lasted),
    `${duration(end.ended_ago)} ago`, end.kind,
  ];
}

function taskItem(task) {
  const item = document.createElement("li");
  const { where, function: name, calls, seconds, at_least: atLeast } = task.awaits;
  if (task.client !== null) item.className = "client";
  item.append(
    element("b", task.client === null ? task.name : `client ${task.client} ${names.get(task.client)}`), " ",
    element("span", where, "where"), ` ${name}${calls ? ` ‹${calls}›` : ""}`,
    seconds === null ? "" : ` ${atLeast ? "at least " : ""}${duration(seconds)}`,
  );
  const inner = task.scopes.map((scope) => scopeItem("scope", scope));
  for (const nursery of task.nurseries) {
    const nest = scopeItem("nursery", nursery.scope);
    const children = nursery.tasks.map(taskItem);
    if (nursery.more) children.push(element("li", `and ${nursery.more.toLocaleString()} more`, "nursery"));
    if (children.length) nest.append(list(children));
    inner.push(nest);
  }
  if (inner.length) item.append(list(inner));
  return item;
}

function scopeItem(kind, scope) {
  const item = document.createElement("li");
  const marks = [scope.where && `of ${scope.where}`, scope.deadline !== null && `${scope.deadline.toFixed(1)} s left`,
    scope.shield && "shield"].filter(Boolean).join(", ");
  item.append(element("span", `${kind} ${marks}`, kind));
  if (scope.cancelled) item.append(" ", element("span", "cancelled", "cancelled"));
  return item;
}

async function why(connection) {
  try {
    const { summary, events, frames } = await call(`/admin/why/${connection}`);
    const at = (seconds) => `${seconds.toFixed(3).padStart(11)} s`;
    showResult(`Client ${connection}, ${summary.name ?? "nobody who logged in"}`, [
      summary.sentence, "", ...events.map((event) => `${at(event.at)}  ${event.what}`),
      ...(frames.length ? ["", "The last frames from the client, and the control frames to it:"] : []),
      ...frames.map((frame) =>
        `${at(frame.at)}  ${frame.sent ? "to  " : "from"}  ${frame.type}, ${frame.length.toLocaleString()} bytes`),
    ].join("\n"));
  } catch (error) {
    showResult(`Client ${connection}`, error.message);
  }
}

async function cancel(connection) {
  if (!confirm(`Cancel everything of client ${connection}?`)) return;
  try {
    const unwound = await call(`/admin/clients/${connection}/cancel`, "POST");
    showResult(`Client ${connection}, ${unwound.name ?? "nobody who logged in"}, is cancelled`, unwound.tasks.map((task) => {
      const when = task.seconds === null ? "still there" : `+${(task.seconds * 1000).toFixed(1)} ms`;
      return `${when.padStart(11)}  ${task.task}, from ${task.awaited}`;
    }).join("\n"));
  } catch (error) {
    showResult(`Client ${connection}`, error.message);
  }
}

function showResult(title, text) {
  result.hidden = !title;
  result.querySelector("h2").textContent = title;
  result.querySelector("pre").textContent = text;
}

function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function element(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function list(items) {
  const made = document.createElement("ul");
  made.append(...items);
  return made;
}

function button(text, act, label) {
  const made = element("button", text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  const submit = login.querySelector("button");
  problem.textContent = "";
  submit.disabled = true;
  try {
    const response = await fetch("/api/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: login.elements.username.value, password: login.elements.password.value }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || !answer.token) throw new Error(answer.error ?? `The server answered ${response.status}.`);
    token = answer.token;
    sessionStorage.setItem(TOKEN_KEY, token);
    login.reset();
    showLoginState();
    refresh();
  } catch (error) {
    problem.textContent = error.name === "TimeoutError" ? "The server does not answer." : error.message;
  } finally {
    submit.disabled = false;
  }
});

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  if (paused) status.textContent = "Paused.";
  refresh();
});

logout.addEventListener("click", () => logOut());
result.querySelector("button").addEventListener("click", () => showResult("", ""));
document.addEventListener("visibilitychange", refresh);

showLoginState();
refresh();
