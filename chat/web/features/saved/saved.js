// This person's saved messages: which they are, and saving and removing them.

import { t } from "../../i18n/index.js";
import { announce } from "../../view/shared/announce.js";
import { futureTime, messageTime } from "../../view/shared/times.js";
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

/** The reminder of a message. @param {State} state @param {{ room: number, seq: number }} message */
export function reminderOf(state, message) {
  return savedOf(state)?.reminders.get(placeOf(message));
}

/** Set the reminder of a message, which saves it; without a time (ms) remove it. @param {Chat} chat @param {{ room: number, seq: number }} message @param {number} [at] */
export async function setReminder(chat, { room, seq }, at) {
  const path = `/me/saved/${room}/${seq}/reminder`;
  await (at === undefined ? chat.call("DELETE", path) : chat.call("PUT", path, { at }));
  announce(at === undefined ? t("saved.reminderRemoved") : t("saved.reminderSet", { time: futureTime(at) }));
}

/** @param {{ at: number, due?: boolean }} reminder */
export function reminderText({ at, due }) {
  return due ? t("saved.due", { time: messageTime(at) }) : t("saved.reminder", { time: futureTime(at) });
}

/** Read which messages are saved. @param {Chat} chat */
export async function readSaved(chat) {
  const changes = () => savedOf(chat.get())?.changes ?? 0;
  for (let tries = 1; ; tries++) {
    const before = changes();
    const { rooms = [], reminders = [] } = /** @type {import("../../protocol").SavedPlaces} */ (await chat.call("GET", "/me/saved/places"));
    if (changes() !== before && tries < MOST_TRIES) continue; // it may lack what has changed
    return chat.setOwn("saved", afterReading(savedOf(chat.get()), rooms, reminders));
  }
}
