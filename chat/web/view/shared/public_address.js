// The server's public address, with which links begin.

/** Addresses that the server accepts. */
const ACCEPTED = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/;

/**
 * The address without a path; null if it is not valid. Without a scheme it is https.
 * @param {string} written
 * @returns {string | null}
 */
export function withoutPath(written) {
  const text = written.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) return null;
  const { origin, username } = new URL(whole);
  return ACCEPTED.test(origin) && !username ? origin : null;
}

/** Whether an address is only valid on this computer. @param {string} address */
export function isOwnComputer(address) {
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname.startsWith("127.") || hostname === "[::1]";
}

/**
 * The full address of an invitation. The server gives it if it knows its own address.
 * @param {{ url: string, link?: string }} invite
 */
export function addressOf({ url, link }) {
  return link ?? new URL(url, location.origin).href;
}
