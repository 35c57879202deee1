// Parses a message's markdown into parts of a few kinds. Anything else stays text as it was typed.

import { Lexer } from "../vendor/marked.js";

/**
 * @typedef {"paragraph" | "heading" | "strong" | "em" | "del" | "code" | "code-block" | "link" | "list" | "item" | "quote"
 *   | "break" | "table" | "row" | "head" | "cell" | "formula"} Kind `head` is a cell of the first row of a table
 * @typedef {object} Element
 * @property {Kind} kind
 * @property {Part[]} children
 * @property {string} [href] of a link
 * @property {string} [host] the real host of a link whose text looks like another address
 * @property {number} [start] the first number of a numbered list
 * @property {"left" | "center" | "right"} [align] of a cell
 * @property {string} [language] of a code block, as it was typed behind the fence
 * @property {boolean} [isBlock] of a formula: it has lines of its own
 * @typedef {string | Element} Part a piece of text as it is shown, or an element around others
 * @typedef {{ type: string, raw: string, text?: string, lang?: string, href?: string, tokens?: Token[], items?: Token[],
 *   ordered?: boolean, start?: number | "", header?: Cell[], rows?: Cell[][] }} Token what marked's lexer gives
 * @typedef {{ tokens: Token[], align: "left" | "center" | "right" | null }} Cell
 */

/** Deeper parts stay text, because rendering recurses as deep as they do. */
const DEEPEST = 8;

/** A text with more than these stays plain: marked needs long for some such texts. */
const MOST_SIGNS = 600;
const MOST_BULLETS = 200;

/** Kinds of marked that stay text; `def` would hide its text. */
const LEFT_OUT = ["lheading", "hr", "html", "def", "reflink"];

/** A text without any of these has nothing to parse. */
const MAYBE_MARKDOWN = /[*_~`[\]<\\|]|\$\$|^ {0,3}#{1,6} |:\/\/|www\.|\S@\S|^ *(?:[-+>]|\d+[.)] )|^(?: {4}|\t)|\n *\n/m;

/** @type {Record<string, Kind>} */
const NESTED = { paragraph: "paragraph", heading: "heading", strong: "strong", em: "em", del: "del", blockquote: "quote", list_item: "item" };

/** @type {ReadonlySet<Kind>} */
const INLINE = new Set(["strong", "em", "del", "code", "link"]);

/**
 * Parse a message's text.
 * @param {string} text
 * @returns {Part[]}
 */
export function parse(text) {
  if (!MAYBE_MARKDOWN.test(text) || isOverloaded(text)) return plain(text);
  try {
    return parts(/** @type {Token[]} */ (lexer().lex(text)), 0);
  } catch {
    return plain(text); // Deep nesting overflows the lexer's stack.
  }
}

/** @param {string} text @returns {Part[]} */
function plain(text) {
  return [{ kind: "paragraph", children: [text] }];
}

/** @param {string} text */
function isOverloaded(text) {
  const signs = text.match(/[*_~`[\]<>\\!#|@$]/g)?.length ?? 0;
  const bullets = text.match(/(?:[-+*]|\d[.)])\s/g)?.length ?? 0;
  return signs > MOST_SIGNS || bullets > MOST_BULLETS;
}

/** A formula between `$$` and `$$`, in one paragraph. `startInline` says where the next one may begin. */
const FORMULA = /^\$\$((?:[^$\n]|\n(?! *\n))+)\$\$/;
const FORMULAS = {
  startInline: [(/** @type {string} */ text) => (text.includes("$$") ? text.indexOf("$$") : undefined)],
  inline: [formula],
  childTokens: {},
  renderers: {},
};

/** @param {string} text @returns {Token | undefined} */
function formula(text) {
  const found = FORMULA.exec(text);
  return found?.[1]?.trim() ? { type: "formula", raw: found[0], text: found[1].trim() } : undefined;
}

function lexer() {
  const lexer = new Lexer({ gfm: true, breaks: true, extensions: FORMULAS });
  const { tokenizer } = /** @type {{ tokenizer: Record<string, () => undefined> }} */ (/** @type {unknown} */ (lexer));
  for (const kind of LEFT_OUT) tokenizer[kind] = () => undefined;
  return lexer;
}

/**
 * @param {readonly Token[]} tokens
 * @param {number} depth
 * @returns {Part[]}
 */
function parts(tokens, depth) {
  /** @type {Part[]} */
  const made = [];
  for (const token of tokens) {
    const part = partOf(token, depth);
    const last = made.at(-1);
    if (typeof part === "string" && typeof last === "string") made[made.length - 1] = last + part;
    else if (Array.isArray(part)) made.push(...part);
    else if (part !== "") made.push(part);
  }
  return made;
}

/**
 * @param {Token} token
 * @param {number} depth
 * @returns {Part | Part[]}
 */
function partOf(token, depth) {
  if (depth > DEEPEST) return token.raw;
  const within = () => parts(token.tokens ?? [], depth + 1);
  const kind = NESTED[token.type];
  if (kind) return { kind, children: within() };
  switch (token.type) {
    case "text":
      return token.tokens ? within() : (token.text ?? token.raw);
    case "escape":
      return token.text ?? token.raw;
    case "codespan":
      return { kind: "code", children: [token.text ?? ""] };
    case "code":
      return codeBlock(token);
    case "formula":
      return { kind: "formula", children: [token.text ?? ""] };
    case "br":
      return { kind: "break", children: [] };
    case "space":
      return "";
    case "list":
      return list(token, depth);
    case "link":
    case "image":
      return link(token, within());
    case "table":
      return table(token, depth);
    default:
      return token.raw;
  }
}

/** @param {Token} token @returns {Element} */
function codeBlock({ text = "", lang = "" }) {
  const language = lang.split(/\s/)[0]?.toLowerCase() ?? "";
  if (language === "math") return { kind: "formula", isBlock: true, children: [text] };
  return language ? { kind: "code-block", language, children: [text] } : { kind: "code-block", children: [text] };
}

/** @param {Token} token @param {number} depth @returns {Element} */
function list(token, depth) {
  const children = parts(token.items ?? [], depth + 1);
  return token.ordered ? { kind: "list", children, start: Number(token.start) || 0 } : { kind: "list", children };
}

/** @param {Token} token @param {number} depth @returns {Element} */
function table({ header = [], rows = [] }, depth) {
  const row = (/** @type {Cell[]} */ cells, /** @type {"head" | "cell"} */ kind) => ({
    kind: /** @type {const} */ ("row"),
    children: cells.map(({ tokens, align }) => ({ kind, children: parts(tokens, depth + 1), ...(align ? { align } : {}) })),
  });
  return { kind: "table", children: [row(header, "head"), ...rows.map((cells) => row(cells, "cell"))] };
}

/** A link to a site or a mailbox; any other stays as it was typed. @param {Token} token @param {Part[]} children @returns {Part} */
function link(token, children) {
  const href = safeHref(token.href ?? "");
  if (href === null) return token.raw;
  const host = otherHost(href, bare(children));
  return { kind: "link", href, ...(host ? { host } : {}), children: children.length ? children : [href] };
}

/** The first host in a text. It begins behind no other part of one, so that each letter is read once. */
const SAID_HOST = /(?<![\p{L}\p{N}-]|[\p{L}\p{N}-]\.)(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/u;

/**
 * The real host of a link whose text looks like another address, also by a user before an @ or letters of two scripts.
 * @param {string} href
 * @param {string} text
 */
function otherHost(href, text) {
  const { protocol, host, pathname } = new URL(href);
  const isMail = protocol === "mailto:";
  const said = (isMail ? text.slice(text.lastIndexOf("@") + 1) : text).match(SAID_HOST)?.[0];
  if (!said) return undefined;
  const real = isMail ? pathname.slice(pathname.lastIndexOf("@") + 1) : host;
  return plainHost(said) === plainHost(real) && !mixesScripts(said) ? undefined : real;
}

/** Whether there are letters of another script beside Latin ones, which they may look like. @param {string} host */
function mixesScripts(host) {
  return /\p{Script=Latin}/u.test(host) && /(?=\p{L})\P{Script=Latin}/u.test(host);
}

/** Normalise a host for comparison. @param {string} host */
function plainHost(host) {
  const address = `http://${host}`;
  return (URL.canParse(address) ? new URL(address).hostname : host).replace(/^www\./, "");
}

/** @param {string} href */
function safeHref(href) {
  if (!/^(?:https?:\/\/|mailto:)/i.test(href)) return null;
  return URL.canParse(href) ? new URL(href).href : null;
}

/**
 * Split a text at the names that it mentions into plain, name, plain …  A name ends where a word ends.
 * @param {string} text
 * @param {readonly string[]} names without the `@`
 * @returns {string[]}
 */
export function splitMentions(text, names) {
  if (!names.length || !text.includes("@")) return [text];
  const either = [...names].sort((a, b) => b.length - a.length).map(escapeRegExp).join("|");
  return text.split(new RegExp(`(?<![\\p{L}\\p{N}])(@(?:${either}))(?![\\p{L}\\p{N}\\p{M}_])`, "giu"));
}

/** @param {string} text */
function escapeRegExp(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** Whether a text is a few emoji and nothing else, which are shown large. @param {string} text */
export function isOnlyEmoji(text) {
  if (text.length > 60) return false;
  return /^(?:\p{RGI_Emoji}\s*){1,6}$/v.test(text);
}

/** A message's text in one line. @param {string} text @param {number} [most] characters */
export function preview(text, most = 160) {
  const line = bare(parse(text.slice(0, most * 4))).replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** Marks around a search hit while the text is parsed; no text contains these characters. */
const [BEGIN, END] = ["\ue000", "\ue001"];

/**
 * Turn pieces, alternately plain and hit, into one line of plain text without formatting.
 * @param {readonly string[]} pieces
 * @returns {string[]}
 */
export function barePieces(pieces) {
  const clean = pieces.map((piece) => piece.replaceAll(BEGIN, "").replaceAll(END, ""));
  const marked = clean.map((piece, i) => (i % 2 ? BEGIN + piece + END : piece)).join("");
  const made = bare(parse(marked)).replace(/\s+/g, " ").trim().split(/\ue000([^\ue001]*)\ue001/);
  return made.map((piece) => piece.replace(/[\ue000\ue001]/g, "")); // a mark may be left over from a link's address
}

/** The text of parts without their formatting. @param {readonly Part[]} parts @returns {string} */
function bare(parts) {
  return parts.map((part) => (typeof part === "string" ? part : bare(part.children) + (INLINE.has(part.kind) ? "" : "\n"))).join("");
}

/** Characters of a quote that is long. */
const LONG_QUOTE = 200;

/** Whether a long quote ends these parts, below other words. @param {readonly Part[]} parts */
export function endsInLongQuote(parts) {
  const last = parts.at(-1);
  return parts.length > 1 && typeof last === "object" && last.kind === "quote" && bare(last.children).length > LONG_QUOTE;
}
