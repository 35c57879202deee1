// The page of another site that a visitor writes from.

import { html } from "../../vendor/preact.js";

/**
 * @param {{ page: string, shown?: string }} props `shown` in place of the host and the path
 */
export function PageLink({ page, shown }) {
  if (!/^https?:\/\//i.test(page) || !URL.canParse(page)) return html`<bdi>${page}</bdi>`;
  return html`<a href=${page} target="_blank" rel="noopener noreferrer nofollow">${shown ?? shortened(page)}</a>`;
}

/** The host and the path: the rest is in the link. @param {string} page */
function shortened(page) {
  const { host, pathname } = new URL(page);
  return host + (pathname === "/" ? "" : pathname);
}
