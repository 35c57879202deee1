// The address at which others reach the server: what links to it begin with.

/** As the server takes it. */
const KEPT = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/;

/**
 * An address as it is kept, without a path; null where it is none. What is written without a scheme is taken for https.
 * @param {string} written
 * @returns {string | null}
 */
export function withoutPath(written) {
  const text = written.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) return null;
  const { origin, username } = new URL(whole);
  return KEPT.test(origin) && !username ? origin : null;
}

/** Whether an address leads nobody but this computer anywhere. @param {string} address */
export function isOwnComputer(address) {
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname.startsWith("127.") || hostname === "[::1]";
}

/**
 * The whole address of an invitation, which the server says where it knows its own.
 * @param {{ url: string, link?: string }} invite
 */
export function addressOf({ url, link }) {
  return link ?? new URL(url, location.origin).href;
}
