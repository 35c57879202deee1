// The names of the people that a message mentions by id.

import { useSelected } from "../shared/context.js";
import { usePeople } from "../shared/known_people.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {{ name: string, id: number | null, isMine: boolean }} Mentioned `id` is null for everybody in the room */

/** @type {number[]} */
const NO_IDS = [];
/** @type {Mentioned[]} */
const NOBODY = [];

/**
 * The people that a message mentions, as far as their names are known.
 * @param {Pick<Message, "mentions" | "all">} message
 * @returns {Mentioned[]}
 */
export function useMentioned({ mentions = NO_IDS, all = false }) {
  const me = useSelected((state) => (mentions.length || all ? state.me?.id : undefined));
  const people = usePeople(mentions);
  if (!mentions.length && !all) return NOBODY;
  const found = people.flatMap((person) => (person ? [{ name: person.name, id: person.id, isMine: person.id === me }] : []));
  return all ? [...found, { name: "all", id: null, isMine: true }] : found;
}
