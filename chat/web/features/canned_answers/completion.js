// What `/` and a word offer in a support conversation.

import { preview } from "../../model/text.js";
import { visitor } from "../../model/support_queue.js";
import { personName } from "../../view/shared/names.js";
import { t } from "../../i18n/index.js";
import { knownAnswers } from "./answers.js";
import { filled, matching } from "./matching.js";

/**
 * @param {import("../../model/types").Chat} chat
 * @param {import("../../model/types").RoomInfo} info
 * @param {string} word
 * @returns {Promise<import("../feature").Suggestion[]>}
 */
export async function suggest(chat, info, word) {
  const answers = matching(await knownAnswers(chat), word);
  const { me, rooms } = chat.get();
  const asks = visitor(rooms.get(info.id)?.info ?? info);
  const values = { visitor: personName(asks), operator: me ? personName(me) : undefined, page: asks.page };
  return answers.map(({ id, shortcut, text, shared }) => {
    const insert = filled(text, values);
    return {
      key: `answer-${id}`,
      insert,
      label: `/${shortcut}`,
      note: preview(insert),
      icon: shared ? "people" : "person",
      hint: t(shared ? "canned.shared_one" : "canned.own_one"),
    };
  });
}
