// The room or the person that an admin names.

import { t } from "../../i18n/index.js";

/**
 * The id of the room or person with exactly this name, in any case; a number is an id, unless it is a name. null: there is
 * none, or several rooms have the name.
 * @param {import("../shared/context.js").Chat} chat
 * @param {"room" | "person"} kind
 * @param {string} text
 * @returns {Promise<number | null>}
 */
export async function idOf(chat, kind, text) {
  const list = kind === "room" ? "rooms" : "people";
  const query = new URLSearchParams({ q: text, limit: "100" });
  /** @type {{ id: number, name: string }[]} */
  const found = /** @type {any} */ (await chat.call("GET", `/admin/${list}?${query}`))[list] ?? [];
  const named = found.filter(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (named.length === 1) return named[0].id;
  return named.length === 0 && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/**
 * As in "Room: garden", or "The whole server".
 * @param {{ kind: "server" | "room" | "person", name?: string | null, target?: number | null }} of
 */
export function targetText({ kind, name, target }) {
  return kind === "server" ? t("retention.kind_server") : `${t(`retention.kind_${kind}`)}: ${name ?? target}`;
}
