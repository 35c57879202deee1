// The status of a person: its emoji beside the name, with the text as its title; in their profile also its end.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { futureTime } from "../shared/times.js";

/** @typedef {import("../../protocol").PersonStatus} PersonStatus */
/** @typedef {{ id: number, status?: PersonStatus | null, changed?: number }} Known */

/** Beside a text without an emoji. */
export const NO_EMOJI = "💬";

/** The person's status by the newest profile that is known. @param {Known} person @returns {PersonStatus | undefined} */
export function useStatus(person) {
  const known = useSelected(({ me, people }) => (me?.id === person.id ? me : people.get(person.id)));
  return (known && (known.changed ?? 0) >= (person.changed ?? 0) ? known : person).status ?? undefined;
}

/** `isSilent`: screen readers leave it out. @param {{ person: Known, isSilent?: boolean }} props */
export function Status({ person, isSilent = false }) {
  const status = useStatus(person);
  if (!status) return null;
  const { emoji = NO_EMOJI, text } = status;
  return html`<span class="status" role="img" aria-label=${text || emoji} aria-hidden=${isSilent || undefined} title=${text}>${emoji}</span>`;
}

/** @param {{ person: Known }} props */
export function StatusText({ person }) {
  const status = useStatus(person);
  if (!status) return null;
  const { emoji = NO_EMOJI, text, until } = status;
  return html`<p class="status-text"><span aria-hidden="true">${emoji}</span> <bdi>${text}</bdi>
    ${until && html`<span class="soft small">${t("statuses.until", { time: futureTime(until) })}</span>`}
  </p>`;
}
