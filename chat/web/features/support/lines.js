// Lines about what was done with a conversation, and private notes.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { usePeople } from "../../view/shared/known_people.js";
import { personName } from "../../view/shared/names.js";
import { messageTime } from "../../view/shared/times.js";
import { inOrder, linesOf } from "./changes.js";
import { NoteBox } from "./note.js";

/** @typedef {import("../../protocol").Note} Note */

/**
 * The lines of a time, and notes.
 * @param {{
 *   steps: readonly import("../../protocol").SupportStep[], person: number, from: number, until: number,
 *   room: number, notes: readonly Note[], tab?: 0 | -1,
 * }} props `person`: the conversation's; `until` is excluded; `tab`: the tabindex of controls
 */
export function SupportLines({ steps, person, from, until, room, notes, tab = 0 }) {
  const lines = linesOf(steps, person).filter(({ at }) => at >= from && at < until);
  const people = usePeople(lines.map(({ by }) => by));
  const names = new Map(lines.map(({ by }, index) => [by, people[index]]));
  return inOrder(lines, notes).map((each) => {
    if (!("what" in each)) return html`<${NoteBox} key=${`note-${each.id}`} room=${room} note=${each} tab=${tab} />`;
    const { what, to = "", at, pos } = each;
    const by = names.get(each.by);
    const name = by ? personName(by) : t("support.someone");
    return html`<span key=${`${pos}-${what}`} class="support-line soft small">${t(`support.${what}`, { name, to })} · ${messageTime(at)}</span>`;
  });
}
