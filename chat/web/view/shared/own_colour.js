// A colour of somebody's own for buttons and links, with its contrast kept.

/**
 * The rules that give elements a colour. It is darkened on light ground and lightened on dark ground until texts in it, and on it,
 * can be read.
 * @param {string} selector
 * @param {string} colour as #1a7f5a
 */
export function colourRules(selector, colour) {
  const pair = (/** @type {number} */ dark, /** @type {number} */ light) =>
    `light-dark(oklch(from ${colour} min(l, ${dark}) c h), oklch(from ${colour} max(l, ${light}) c h))`;
  return `${selector} { --accent: ${pair(0.48, 0.76)}; --accent-strong: ${pair(0.4, 0.84)}; --link: var(--accent);
    --on-accent: light-dark(#ffffff, #16181b); --focus: 0 0 0 2px var(--surface), 0 0 0 4px var(--accent) }`;
}
