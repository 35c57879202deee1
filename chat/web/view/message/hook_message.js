// A message of a hook: whose account it is, and the label that the tool gives itself, as `‹label› text`.

/** @typedef {import("../../model/types").Message} Message */

/** Ends the account names of hooks, and of nobody else. */
const MARK = " (hook)";

/** @param {{ name: string }} person */
export function isHook({ name }) {
  return name.endsWith(MARK);
}

/** What a hook is called. @param {{ name: string }} hook */
export function hookName({ name }) {
  return name.slice(0, -MARK.length);
}

/** By message object: what is parsed of a text is kept by object too. @type {WeakMap<object, { label: string, message: Message }>} */
const known = new WeakMap();

/**
 * The label of a message of a hook, and the message without it.
 * @param {Message} message
 * @returns {{ label: string, message: Message }}
 */
export function splitLabel(message) {
  const label = isHook(message.sender) ? /^‹([^‹›\n]{1,60})› /.exec(message.text ?? "")?.[1] : undefined;
  if (!label) return { label: "", message };
  let found = known.get(message);
  if (!found) known.set(message, (found = { label, message: { ...message, text: (message.text ?? "").slice(label.length + 3) } }));
  return found;
}
