// Polls: a message whose text is a question with options (model/poll.js); votes are reactions.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isWhole, parsePoll, quoted, textOfPoll } from "../../model/poll.js";
import { icon } from "../../view/controls/icon.js";
import { lazy } from "../../view/shared/lazy.js";
import { problemText } from "../../view/shared/problem.js";
import { Poll } from "./poll.js";
import * as texts from "./texts.js";

/** @typedef {import("../feature").ComposerPartProps} Around */

const Dialog = lazy(() => import("./dialog.js"), "PollDialog");

const BARS = ["M5 20v-6M12 20V5M19 20v-9"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const polls = {
  name: "polls",
  texts,
  Body: { isFor: ({ text }) => parsePoll(text) !== null, View: Poll },
  ComposerButton: MakePoll,
  commands: [{ name: "poll", hint: "polls.command", icon: BARS, isOffered: (_state, { kind }) => kind !== "support", run: make }],
};

/** @param {Around} around */
function MakePoll(around) {
  const open = () => show(around).catch((error) => around.onProblem(problemText(error)));
  return html`<button type="button" class="icon-button composer-poll" title=${t("polls.make")} onClick=${open}>${icon(BARS)}</button>`;
}

/** `/poll "Question" "One" "Other"`; less than that opens the dialog. @param {Around} around @param {string} rest */
async function make(around, rest) {
  const [question = "", ...options] = quoted(rest);
  if (isWhole(question, options)) await around.send(textOfPoll(question, options, false));
  else await show(around, question, options);
  return true;
}

/** The dialog opens once it is loaded. @param {Around} around @param {string} [question] @param {readonly string[]} [options] */
async function show({ open, send }, question = "", options = []) {
  await Dialog.load();
  open(html`<${Dialog} question=${question} options=${options} send=${send} onClose=${() => open(null)} />`);
}
