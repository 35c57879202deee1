// This person's saved messages: which they are, and saving and removing them.

import { t } from "../../i18n/index.js";
import { announce } from "../../view/shared/announce.js";
import { afterReading, placeOf } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("./changes.js").Saved} Saved */

/** A bookmark, and a struck out one. Icons' paths. */
export const SAVE = ["M6.5 4h11v16L12 15.5 6.5 20z"];
export const UNSAVE = [...SAVE, "M3.5 3.5l17 17"];

/** How often they are read again because one changed meanwhile. */
const MOST_TRIES = 5;

/** @param {State} state @returns {Saved | undefined} */
export function savedOf({ own }) {
  return /** @type {Saved | undefined} */ (own.saved);
}

/** Older servers save no messages. @param {State} state */
export function isOffered({ server }) {
  return server.features.includes("saved");
}

/** @param {State} state @param {{ room: number, seq: number }} message */
export function isSaved(state, message) {
  return savedOf(state)?.places?.has(placeOf(message)) ?? false;
}

/** @param {Chat} chat @param {{ room: number, seq: number }} message @param {boolean} on */
export async function setSaved(chat, { room, seq }, on) {
  await chat.call(on ? "PUT" : "DELETE", `/me/saved/${room}/${seq}`);
  announce(t(on ? "saved.doneSaved" : "saved.doneRemoved"));
}

/** Read which messages are saved. @param {Chat} chat */
export async function readSaved(chat) {
  const changes = () => savedOf(chat.get())?.changes ?? 0;
  for (let tries = 1; ; tries++) {
    const before = changes();
    const { rooms = [] } = /** @type {import("../../protocol").SavedPlaces} */ (await chat.call("GET", "/me/saved/places"));
    if (changes() !== before && tries < MOST_TRIES) continue; // it may lack what has changed
    return chat.setOwn("saved", afterReading(savedOf(chat.get()), rooms));
  }
}
