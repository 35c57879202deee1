// An operator's changes of a conversation: claim, hand over, close, reopen.

import { t } from "../../i18n/index.js";
import { visitor } from "../../model/support_queue.js";
import { announce } from "../shared/announce.js";
import { personName } from "../shared/names.js";
import { problemText } from "../shared/problem.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").ChatError} ChatError */
/** @typedef {{ room: number, text: string }} Notice why a change failed */
/** @typedef {{ state?: "open" | "closed", assignee?: number | null, was?: number | null, team?: number }} ConversationChange `team` is changed alone */

/**
 * Change a conversation, and announce the result. With `was`, only if that operator has it, or (null) none.
 * @param {Chat} chat
 * @param {RoomInfo} info
 * @param {ConversationChange} change
 * @param {{ done: string, setNotice: (notice: Notice | null) => void }} feedback
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function changeConversation(chat, info, change, { done, setNotice }) {
  try {
    if (change.team === undefined) await chat.call("PATCH", `/support/${info.id}`, change);
    else await chat.call("PUT", `/support/${info.id}/team`, change);
    setNotice(null);
    announce(done);
    return true;
  } catch (error) {
    setNotice({ room: info.id, text: reason(/** @type {ChatError} */ (error), info) });
    return false;
  }
}

/** @param {ChatError} error @param {RoomInfo} info */
function reason(error, info) {
  const person = personName(visitor(info));
  if (error.code !== "conflict") return problemText(error);
  if (error.holder) return t("inbox.claimed_meanwhile", { name: error.holder.name, person });
  return t("inbox.given_back_meanwhile", { person });
}
