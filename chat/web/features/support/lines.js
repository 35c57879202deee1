// Lines about what was done with a conversation.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { usePeople } from "../../view/shared/known_people.js";
import { personName } from "../../view/shared/names.js";
import { messageTime } from "../../view/shared/times.js";
import { linesOf } from "./changes.js";

/**
 * Those of a time.
 * @param {{ steps: readonly import("../../protocol").SupportStep[], person: number, from: number, until: number }} props
 *   `person`: the conversation's; `until` is excluded
 */
export function SupportLines({ steps, person, from, until }) {
  const lines = linesOf(steps, person).filter(({ at }) => at >= from && at < until);
  const people = usePeople(lines.map(({ by }) => by));
  return lines.map(({ what, to = "", at, pos }, index) => {
    const by = people[index];
    const name = by ? personName(by) : t("support.someone");
    return html`<span key=${`${pos}-${what}`} class="support-line soft small">${t(`support.${what}`, { name, to })} · ${messageTime(at)}</span>`;
  });
}
