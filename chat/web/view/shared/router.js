// Maps the address to a screen, and follows links without a reload.

import { useLayoutEffect, useState } from "../../vendor/preact.js";

/**
 * @typedef {object} Route
 * @property {"home" | "setup" | "reset" | "oidc" | "invite" | "room" | "search" | "saved" | "share" | "reports" | "inbox" | "settings" | "admin" | "unknown"} screen
 * @property {string} path
 * @property {URLSearchParams} query
 * @property {string} hash without the #
 * @property {number} [room]
 * @property {number} [seq] a message in the room
 * @property {string} [code] an invitation's code
 * @property {string} [part] of the settings or the administration
 */

/** @type {[RegExp, string?][]} */
const PATHS = [
  [/^\/$/, "home"],
  [/^\/(?:reset|confirm|link)$/, "reset"],
  [/^\/i\/(?<code>[^/]+)$/, "invite"],
  [/^\/(room)\/(?<room>\d+)(?:\/(?<seq>\d+))?$/],
  [/^\/(setup|oidc|search|saved|share|reports)$/],
  [/^\/(inbox)(?:\/(?<room>\d+))?$/],
  [/^\/(settings|admin)(?:\/(?<part>[\w-]+))?$/],
];

/** @type {Set<(route: Route) => void>} */
const listeners = new Set();

/**
 * The route of an address.
 * @param {string} address a path with query and hash
 * @returns {Route}
 */
export function routeOf(address) {
  const url = new URL(address, "http://page");
  const common = { path: url.pathname, query: url.searchParams, hash: url.hash.slice(1) };
  for (const [pattern, screen] of PATHS) {
    const found = pattern.exec(url.pathname);
    if (found) return { screen: /** @type {any} */ (screen ?? found[1]), ...common, ...numbered(found.groups ?? {}) };
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

/** Decode a part of the address, valid or not. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The current route. */
export function currentRoute() {
  return routeOf(location.pathname + location.search + location.hash);
}

/**
 * Go to a path of the page.
 * @param {string} path with query and hash
 * @param {{ replace?: boolean }} [options] `replace`: leave no entry in the history
 */
export function navigate(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search + location.hash) {
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
  }
  notify();
}

/** The current route, also when it changes. */
export function useRoute() {
  const [route, setRoute] = useState(currentRoute);
  // Before the effects of the screen: one of them may navigate at once.
  useLayoutEffect(() => {
    listeners.add(setRoute);
    return () => void listeners.delete(setRoute);
  }, []);
  return route;
}

/** Follow links, the browser's history and clicked notifications. Call once. */
export function startRouter() {
  addEventListener("popstate", notify);
  document.addEventListener("click", follow);
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data?.type === "open") navigate(data.path);
  });
}

function notify() {
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
  if (url.hash && url.pathname + url.search === location.pathname + location.search) return; // an anchor on this page
  event.preventDefault();
  navigate(url.pathname + url.search + url.hash);
}
