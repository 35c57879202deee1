// The features of the page, a folder each; feature.d.ts says what one may bring.

import { blocks } from "./blocks/feature.js";
import { bots } from "./bots/feature.js";
import { calls } from "./calls/feature.js";
import { cannedAnswers } from "./canned_answers/feature.js";
import { code } from "./code/feature.js";
import { customEmoji } from "./custom_emoji/feature.js";
import { dates } from "./dates/feature.js";
import { deskReport } from "./desk_report/feature.js";
import { drafts } from "./drafts/feature.js";
import { exports } from "./exports/feature.js";
import { folders } from "./folders/feature.js";
import { forwarding } from "./forwarding/feature.js";
import { hooks } from "./hooks/feature.js";
import { invites } from "./invites/feature.js";
import { labels } from "./labels/feature.js";
import { leaving } from "./leaving/feature.js";
import { oidc } from "./oidc/feature.js";
import { pictures } from "./pictures/feature.js";
import { pins } from "./pins/feature.js";
import { polls } from "./polls/feature.js";
import { previews } from "./previews/feature.js";
import { push } from "./push/feature.js";
import { ratings } from "./ratings/feature.js";
import { reactions } from "./reactions/feature.js";
import { readMarks } from "./read_marks/feature.js";
import { reports } from "./reports/feature.js";
import { retention } from "./retention/feature.js";
import { review } from "./review/feature.js";
import { saved } from "./saved/feature.js";
import { scheduled } from "./scheduled/feature.js";
import { secondFactor } from "./second_factor/feature.js";
import { slowMode } from "./slow_mode/feature.js";
import { statuses } from "./statuses/feature.js";
import { support } from "./support/feature.js";
import { teams } from "./teams/feature.js";
import { threads } from "./threads/feature.js";
import { transcripts } from "./transcripts/feature.js";
import { voice } from "./voice/feature.js";

export const FEATURES = /** @type {const} */ ([previews, reactions, threads, saved, scheduled, folders, forwarding, readMarks, blocks, invites, pictures, pins, dates, code, push, reports, oidc, exports, leaving, secondFactor, retention, review, statuses, polls, calls, customEmoji, drafts, slowMode, hooks, bots, support, labels, teams, ratings, cannedAnswers, deskReport, transcripts, voice]);

/** @typedef {import("./feature").Feature} Feature */
/** @typedef {import("./feature").KeyOf<(typeof FEATURES)[number]>} Key the keys of all their strings */

/**
 * The parts of one kind that features bring.
 * @template {keyof Feature} Part
 * @param {Part} part
 * @returns {NonNullable<Feature[Part]>[]}
 */
export function parts(part) {
  return /** @type {readonly Feature[]} */ (FEATURES).flatMap((feature) => {
    const found = feature[part];
    return found === undefined ? [] : [/** @type {NonNullable<Feature[Part]>} */ (found)];
  });
}
