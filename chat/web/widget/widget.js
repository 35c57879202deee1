// The support widget's button.
(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || document.querySelector("chat-widget")) return;
  const { dataset, src } = script;
  const server = new URL(src).origin;
  const NAMES = "|deSchreib uns|esEscríbenos|frÉcrivez-nous|ptFale conosco|ruНаписать нам|zh联系我们";
  const [, NAME = "Chat with us"] = NAMES.match(`\\|${navigator.language.slice(0, 2)}([^|]+)`) ?? [];
  const CSS = `
:host { all:initial !important; position:fixed !important; inset:auto 20px 20px auto !important; z-index:2147483000 !important; }
button { all:unset; display:grid; place-items:center; width:56px; height:56px; border-radius:50%; cursor:pointer;
  color:#fff; box-shadow:0 4px 16px #0005; background:#0f6b5f; background:oklch(from ${dataset.color} min(l,.48) c h); }
button:hover { filter:brightness(.8); }
button:focus-visible { outline:3px solid #0f6b5f; outline-offset:3px; }
svg { width:26px; fill:none; stroke:currentcolor; stroke-width:1.75; }
i { position:absolute; top:0; right:0; width:12px; height:12px; border:2px solid #fff; border-radius:50%; background:#d3362a; }
iframe { position:absolute; right:0; bottom:72px; width:360px; height:520px; max-width:calc(100vw - 40px);
  max-height:calc(100vh - 112px); border:0; border-radius:16px; box-shadow:0 8px 40px #0005; }
[hidden] { display:none; }
@media (max-width:480px) {
  iframe:not(.hi) { position:fixed; inset:0; width:100%; height:100% !important; max-width:none; max-height:none; border-radius:0; }
}`;
  const host = document.createElement("chat-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  const [icon, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.append(path);
  const dot = document.createElement("i");
  button.append(icon, dot);
  root.append(button);
  const frame = document.createElement("iframe");
  frame.title = NAME;
  let isReady = false;
  let isOpen = false;

  /** @param {string} [value] */
  function stored(value) {
    try {
      if (value) sessionStorage.setItem("chat-widget", value);
      return sessionStorage.getItem("chat-widget");
    } catch {}
  }

  function load() {
    if (isReady) return;
    frame.src = `${server}/widget#${new URLSearchParams({ ...dataset, host: location.origin, page: location.origin + location.pathname })}`;
    root.append(frame);
  }

  function sendState() {
    const focus = document.activeElement === host && isOpen;
    if (focus) {
      frame.blur(); // loading took focus
      frame.focus();
    }
    if (isReady) frame.contentWindow?.postMessage({ chat: isOpen ? "open" : "close", focus }, server);
  }

  /** @param {boolean} open */
  function draw(open) {
    isOpen = open;
    frame.hidden = !open;
    frame.className = "";
    button.ariaExpanded = `${open}`;
    path.setAttribute("d", open ? "M6 9l6 6 6-6" : "M4 5h16v11H10l-4.5 4v-4H4z");
  }

  /** @param {boolean} open */
  function show(open) {
    if (open) load();
    draw(open);
    stored(open ? "open" : "closed");
    (open ? frame : button).focus();
    sendState();
  }

  /** @param {number} unread @param {string} [words] */
  function count(unread, words) {
    dot.hidden = !unread;
    button.ariaLabel = words ? `${NAME}, ${words}` : NAME;
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== server) return;
    if (data.chat === "ready") {
      isReady = true;
      sendState();
    } else if (/open|close/.test(data.chat)) show(data.chat === "open");
    else if (data.chat === "unread") count(data.count, data.words);
    else if (data.chat === "height") frame.style.height = `${data.height}px`;
    else if (data.chat === "greet" && !stored()) {
      stored("closed");
      frame.hidden = false;
      frame.className = "hi";
    }
  });

  button.onclick = () => show(!isOpen);
  const before = stored();
  count(0);
  draw(before === "open");
  if (before) load();
  else if (dataset.greeting) setTimeout(() => isOpen || stored() || load(), 1e3 * Number(dataset.greetingAfter ?? 10));
  (document.body ?? document.documentElement).append(host);
})();
