// A message of a hook: the label that the tool gives itself, as `‹label› text`.

import { isProgram } from "../shared/programs.js";

/** @typedef {import("../../model/types").Message} Message */

/** By message object: what is parsed of a text is kept by object too. @type {WeakMap<object, { label: string, message: Message }>} */
const known = new WeakMap();

/**
 * The label of a message of a hook, and the message without it.
 * @param {Message} message
 * @returns {{ label: string, message: Message }}
 */
export function splitLabel(message) {
  const label = isProgram(message.sender) ? /^‹([^‹›\n]{1,60})› /.exec(message.text ?? "")?.[1] : undefined;
  if (!label) return { label: "", message };
  let found = known.get(message);
  if (!found) known.set(message, (found = { label, message: { ...message, text: (message.text ?? "").slice(label.length + 3) } }));
  return found;
}
