// Reads code and formulas apart from the page, so that a text that takes long delays nothing there.

/** @typedef {import("./readings").Form} Form */
/** @typedef {import("./readings").Markup} Markup */
/** @typedef {import("./readings").Piece} Piece */

/** What a formula may consist of. */
const TAGS = new Set(
  (
    "math mrow mi mn mo ms mtext mspace mpadded mphantom mstyle merror menclose mfrac msqrt mroot msub msup msubsup munder mover " +
    "munderover mmultiscripts mprescripts mtable mtr mtd"
  ).split(" "),
);
const ATTRIBUTES = new Set(
  (
    "display displaystyle scriptlevel mathvariant mathsize mathcolor mathbackground stretchy fence separator symmetric largeop " +
    "movablelimits accent accentunder form lspace rspace minsize maxsize linethickness notation width height depth voffset " +
    "columnalign columnspacing columnlines rowalign rowspacing rowlines columnspan rowspan"
  ).split(" "),
);

const MOST_NODES = 2_000;

/** Our few kinds for the many of the highlighter. */
const KINDS = new Map(
  Object.entries({
    keyword: "keyword literal operator selector-tag tag name template-tag",
    string: "string regexp char link",
    comment: "comment quote doctag meta",
    number: "number symbol bullet",
    name: "title section selector-class selector-id",
    type: "type built_in class",
    variable: "attr attribute variable template-variable property selector-attr selector-pseudo",
    plain: "subst params punctuation",
    added: "addition",
    removed: "deletion",
  }).flatMap(([kind, theirs]) => theirs.split(" ").map((each) => [`hljs-${each}`, kind])),
);

const READERS = { code: readCode, formula: readFormula };

addEventListener("message", async ({ data: { form, kind, text } }) => {
  try {
    const read = await READERS[/** @type {Form} */ (form)](); // the library is here, or is fetched first
    postMessage({ begun: true });
    postMessage({ reading: read(kind, text) });
  } catch {
    postMessage({ failed: true }); // the library can't be fetched now
  }
});

/** @returns {Promise<(language: string, text: string) => Piece[] | null>} null: the language is not known */
async function readCode() {
  const { highlighter } = await import("../../vendor/highlight.js");
  return (language, text) => {
    if (!highlighter.registered(language)) return null;
    /** @type {Piece[]} */
    const pieces = [];
    collect(highlighter.highlight(language, text).children, "", pieces);
    return pieces;
  };
}

/** @param {any[]} nodes @param {string} kind @param {Piece[]} pieces */
function collect(nodes, kind, pieces) {
  for (const node of nodes) {
    if (node.type !== "text") collect(node.children, kindOf(node.properties.className, kind), pieces);
    else if (pieces.at(-1)?.[1] === kind) /** @type {Piece} */ (pieces.at(-1))[0] += node.value;
    else pieces.push([node.value, kind]);
  }
}

/** @param {string[]} classes @param {string} around */
function kindOf([name = ""], around) {
  const kind = KINDS.get(name);
  return kind === "plain" ? "" : (kind ?? around);
}

/** @returns {Promise<(kind: string, text: string) => Markup | null>} null: it is not TeX, or too large to draw */
async function readFormula() {
  const { parse } = await import("../../vendor/temml.js");
  return (kind, text) => {
    try {
      const made = parse(text, { displayMode: kind === "block", throwOnError: true, maxSize: [20, 20] });
      return isSmall(made) ? node(made) : null;
    } catch {
      return null;
    }
  };
}

/** Whether no more than MOST_NODES were made: few letters can be many, by macros. @param {any} made */
function isSmall(made) {
  const nodes = [made];
  for (const { children = [] } of nodes) {
    if (nodes.length + children.length > MOST_NODES) return false;
    nodes.push(...children);
  }
  return true;
}

/** @param {any} made by the library @returns {Markup} */
function node({ type, text, attributes, style, children = [] }) {
  if (text !== undefined) return text;
  const inner = children.map(node);
  // A part without an element is one around others.
  const tag = TAGS.has(type) ? type : "mrow";
  const kept = Object.entries(attributes ?? {}).filter(([name]) => ATTRIBUTES.has(name));
  return [tag, { ...Object.fromEntries(kept), ...(Object.keys(style ?? {}).length ? { style } : {}) }, inner];
}
