// Messages between the panel and the site that shows it. Both ends check the origin.

/** @typedef {ReturnType<typeof openHost>} Host */

/** @typedef {(isOpen: boolean, wantsFocus: boolean) => void} OnShow */

/** The most characters of the line about consent. */
const LONGEST_CONSENT = 300;

/** The most characters of a greeting. */
const LONGEST_GREETING = 200;

/** The most characters of a token. */
const LONGEST_TOKEN = 4096;

/**
 * @param {OnShow} onShow called when the panel is opened or closed; `wantsFocus`: the visitor wants to write
 * @param {(token: string | null) => void} onIdentity called with what the site has signed of its visitor; null: nobody is logged in there
 */
export function openHost(onShow, onIdentity) {
  const given = new URLSearchParams(location.hash.slice(1));
  const origin = originOf(given.get("host") ?? "");
  // Of a site that may show the panel in a frame: anybody can make a link to it with such texts.
  const own = (/** @type {string} */ name) => (parent === window ? "" : (given.get(name) ?? ""));
  let sent = "";
  let greetingHeight = 0; // while only the greeting is shown

  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== parent || origin === null || from !== origin) return;
    if (data?.chat === "open") greetingHeight = 0;
    if (data?.chat === "open" || data?.chat === "close") onShow(data.chat === "open", data.focus === true);
    const { token } = data ?? {};
    if (data?.chat === "identity" && (token === null || (typeof token === "string" && token.length <= LONGEST_TOKEN))) onIdentity(token);
  });

  /** @param {object} message */
  function send(message) {
    // The browser drops the message if the site's origin is another one.
    if (origin !== null && parent !== window) parent.postMessage(message, origin);
  }

  return {
    /** The address of the page that the visitor writes from, as the site gives it. */
    page: given.get("page") ?? undefined,
    /** The name of the team that the site wants its visitors to write to. */
    team: given.get("team") ?? undefined,
    /** What visitors are asked before they write, as fields.js reads it; null: the usual. */
    fields: parent === window ? null : given.get("fields"),
    /** The site's colour, as #1a7f5a; "": the usual one. */
    colour: /^#[0-9a-f]{6}$/i.test(own("color")) ? own("color") : "",
    /** What visitors read before they write, and the page that it is about; "": nothing. */
    consent: own("consent").trim().slice(0, LONGEST_CONSENT),
    consentLink: /^https?:\/\//i.test(own("consentLink")) && URL.canParse(own("consentLink")) ? own("consentLink") : "",
    /** What is shown beside the button before the panel is opened; "": nothing. */
    greeting: own("greeting").trim().slice(0, LONGEST_GREETING),
    /** Whether this page is in a frame. */
    isFramed: parent !== window,
    ready: () => send({ chat: "ready" }),
    open: () => send({ chat: "open" }),
    close: () => send({ chat: "close" }),

    /** Show the greeting, unless the panel was opened meanwhile. @param {number} height in pixels */
    greet(height) {
      greetingHeight = height;
      send({ chat: "height", height });
      send({ chat: "greet" });
    },

    /** @param {number} unread @param {string} words for screen readers, "" if there are none @param {number} openHeight of the panel, in pixels */
    describe(unread, words, openHeight) {
      const height = greetingHeight || openHeight;
      if (`${unread} ${height}` === sent) return;
      sent = `${unread} ${height}`;
      send({ chat: "unread", count: unread, words });
      send({ chat: "height", height });
    },
  };
}

/** @param {string} text */
function originOf(text) {
  return URL.canParse(text) && new URL(text).origin === text ? text : null;
}
