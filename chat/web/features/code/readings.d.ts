// What the worker reads.

/** A piece of code; an empty kind has no colour. */
export type Piece = [text: string, kind: string];

/** MathML: a text, or an element with its attributes and what is in it. */
export type Markup = string | [tag: string, attributes: Record<string, unknown>, children: Markup[]];

export interface Readings {
  code: Piece[];
  formula: Markup;
}

export type Form = keyof Readings;

/** `kind` is a language, or "block" or "line". */
export interface Wanted {
  form: Form;
  kind: string;
  text: string;
}
