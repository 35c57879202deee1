// Who has reacted to a message with an emoji.

import { t, tn } from "../../i18n/index.js";
import { personName } from "./names.js";

/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../../model/types").State} State */
/** @typedef {{ emoji: string, count: number, people: readonly number[], mine?: boolean }} Reaction */

/** @param {State} state @param {Reaction} reaction @param {readonly (Person | undefined)[]} requested */
export function whoReacts({ people, me }, { count, people: ids = [], mine }, requested) {
  const others = ids.filter((id) => id !== me?.id).map((id) => people.get(id) ?? requested.find((person) => person?.id === id));
  const named = others.filter((person) => person !== undefined).slice(0, 5).map(personName);
  const names = mine ? [t("reactions.you"), ...named] : named;
  const rest = count - names.length;
  if (rest <= 0) return names.join(", ");
  return names.length ? tn("reactions.andOthers", rest, { names: names.join(", ") }) : tn("reactions.people", rest);
}
