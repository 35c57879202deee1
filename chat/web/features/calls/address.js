// The address of a call in the text of a message.

const TELEPHONE = "\u{1f4de} ";

/**
 * The address, if the text is a telephone and an address, and nothing else; null: it is no call.
 * @param {string | undefined} text
 * @returns {{ href: string, host: string } | null}
 */
export function addressOf(text) {
  if (!text?.startsWith(`${TELEPHONE}http`)) return null;
  const address = text.slice(TELEPHONE.length);
  if (/\s/.test(address) || !URL.canParse(address)) return null;
  const { protocol, username, password, host, href } = new URL(address);
  const isPlain = ["http:", "https:"].includes(protocol) && !username && !password;
  return isPlain ? { href, host } : null;
}
