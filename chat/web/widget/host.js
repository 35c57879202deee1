// The site whose page shows the widget: what it says, and what it is told. Both ends check who speaks.

/** @typedef {ReturnType<typeof openHost>} Host */

/** @typedef {(isOpen: boolean, wantsFocus: boolean) => void} OnShow */

/** @param {OnShow} onShow told when the panel is opened or closed, and whether somebody wants to write there now */
export function openHost(onShow) {
  const given = new URLSearchParams(location.hash.slice(1));
  const origin = originOf(given.get("host") ?? "");
  let told = "";

  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== parent || origin === null || from !== origin) return;
    if (data?.chat === "open" || data?.chat === "close") onShow(data.chat === "open", data.focus === true);
  });

  /** @param {object} message */
  function tell(message) {
    // Where the page is not the origin that it says, the browser drops it.
    if (origin !== null && parent !== window) parent.postMessage(message, origin);
  }

  return {
    /** The page that the visitor writes from, as the site tells it. */
    page: given.get("page") ?? undefined,
    /** Whether there is a page around this one. */
    isFramed: parent !== window,
    ready: () => tell({ chat: "ready" }),
    close: () => tell({ chat: "close" }),

    /** @param {number} unread @param {number} height of the panel, in pixels */
    describe(unread, height) {
      if (`${unread} ${height}` === told) return;
      told = `${unread} ${height}`;
      tell({ chat: "unread", count: unread });
      tell({ chat: "height", height });
    },
  };
}

/** @param {string} text */
function originOf(text) {
  return URL.canParse(text) && new URL(text).origin === text ? text : null;
}
