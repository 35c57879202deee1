// Which place of the page is shown, by the address; links within the page are followed without a reload.

import { useEffect, useState } from "../../vendor/preact.js";

/**
 * @typedef {object} Route
 * @property {"home" | "setup" | "reset" | "invite" | "room" | "search" | "inbox" | "settings" | "admin" | "unknown"} screen
 * @property {string} path
 * @property {URLSearchParams} query
 * @property {string} hash without the #
 * @property {number} [room]
 * @property {number} [seq] a place in the room
 * @property {string} [code] of an invitation
 * @property {string} [part] of settings or administration
 */

/** @type {[RegExp, Route["screen"]][]} */
const PATHS = [
  [/^\/$/, "home"],
  [/^\/setup$/, "setup"],
  [/^\/reset$/, "reset"],
  [/^\/i\/(?<code>[^/]+)$/, "invite"],
  [/^\/room\/(?<room>\d+)(?:\/(?<seq>\d+))?$/, "room"],
  [/^\/search$/, "search"],
  [/^\/inbox(?:\/(?<room>\d+))?$/, "inbox"],
  [/^\/settings(?:\/(?<part>[\w-]+))?$/, "settings"],
  [/^\/admin(?:\/(?<part>[\w-]+))?$/, "admin"],
];

/** @type {Set<(route: Route) => void>} */
const listeners = new Set();

/**
 * What an address of the page means.
 * @param {string} address a path with query and hash
 * @returns {Route}
 */
export function routeOf(address) {
  const url = new URL(address, "http://page");
  const common = { path: url.pathname, query: url.searchParams, hash: url.hash.slice(1) };
  for (const [pattern, screen] of PATHS) {
    const found = pattern.exec(url.pathname);
    if (found) return { screen, ...common, ...numbered(found.groups ?? {}) };
  }
  return { screen: "unknown", ...common };
}

/** @param {Record<string, string | undefined>} parts */
function numbered({ room, seq, code, part }) {
  return {
    ...(room && { room: Number(room) }),
    ...(seq && { seq: Number(seq) }),
    ...(code && { code: decoded(code) }),
    ...(part && { part }),
  };
}

/** What somebody wrote into the address may be no encoding. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The place that is shown now. */
export function currentRoute() {
  return routeOf(location.pathname + location.search + location.hash);
}

/**
 * Go to a place of the page.
 * @param {string} path with query and hash
 * @param {{ replace?: boolean }} [options] `replace`: going back does not come here
 */
export function navigate(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search + location.hash) {
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
  }
  tell();
}

/** The place that is shown; drawn again when it changes. */
export function useRoute() {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    listeners.add(setRoute);
    return () => void listeners.delete(setRoute);
  }, []);
  return route;
}

/** Follow links, going back and forth, and what notifications lead to. Once, at the start. */
export function startRouter() {
  addEventListener("popstate", tell);
  document.addEventListener("click", follow);
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data?.type === "open") navigate(data.path);
  });
}

function tell() {
  const route = currentRoute();
  for (const listener of [...listeners]) listener(route);
}

/** @param {MouseEvent} event */
function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link?.href || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || routeOf(url.pathname).screen === "unknown" || url.pathname === "/admin/tree") return;
  if (url.hash && url.pathname + url.search === location.pathname + location.search) return; // the browser puts the focus there
  event.preventDefault();
  navigate(url.pathname + url.search + url.hash);
}
