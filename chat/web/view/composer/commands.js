// Commands: what messages do that begin with a slash and the name of one.

import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";

/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** @param {State} state @param {RoomInfo} info */
export function commandsIn(state, info) {
  return parts("commands").flat().filter((each) => each.isOffered(state, info));
}

/** The command of a text, if it is one. @param {string} text @param {State} state @param {RoomInfo} info */
export function commandOf(text, state, info) {
  const name = /^\/(\w+)(?:\s|$)/.exec(text)?.[1];
  return name ? commandsIn(state, info).find((each) => each.name === name) : undefined;
}

/** Those whose names begin with a word, to complete it. @param {State} state @param {RoomInfo} info @param {string} word */
export function commandsFor(state, info, word) {
  return commandsIn(state, info)
    .filter(({ name }) => name.startsWith(word.toLowerCase()))
    .map(({ name, hint, icon }) => ({ key: `/${name}`, insert: `/${name} `, label: `/${name}`, note: t(hint), icon, hint: "" }));
}
