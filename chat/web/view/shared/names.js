// Names of people and rooms on the screen.

import { t } from "../../i18n/index.js";
import { isProgram, programName, programTag } from "./programs.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * @param {{ name: string, display?: string | null }} person a hook or a bot has its mark in the language
 * @returns {string}
 */
export function personName(person) {
  if (isProgram(person)) return `${programName(person)} (${t(programTag(person))})`;
  return person.display || person.name;
}

/** The server's name of a lobby that was not renamed. */
const LOBBY = "lobby";

/**
 * @param {RoomInfo} info
 * @returns {string}
 */
export function roomName(info) {
  if (info.others?.length) return info.others.map(personName).sort((one, other) => one.localeCompare(other)).join(", ");
  if (info.peer && info.kind !== "room") return personName(info.peer);
  if (info.name && !(info.kind === "lobby" && info.name === LOBBY)) return info.name;
  return t(info.kind === "support" ? "room.support" : info.kind === "lobby" ? "room.lobby" : "room.nameless");
}

/**
 * The icon of a room that has no person's picture.
 * @param {RoomInfo} info
 */
export function roomIcon(info) {
  if (info.kind === "lobby") return "home";
  if (info.kind === "support") return "support";
  if (info.others) return "people";
  return info.private ? "lock" : "hash";
}
