/**
 * Reads one value of Ion text, strictly.
 *
 * A value is {type, annotations, value}, or {type, annotations, isNull: true}. Ints are BigInt,
 * lists and s-expressions arrays of values, structs arrays of [name, value] in which a name may
 * repeat. Whatever the ledger does not write is a SyntaxError: symbols by number, several values.
 */

import { blob, clob, numeral, unescaped } from "./ion_literals.js";

export const CHARACTERS_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 128;
const BLANK = /(?:[\t\n\v\f\r ]|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)*/y;
const QUOTED = /"((?:\\[\s\S]|[^"\\\n\r])*)"/y;
const LONG = /'''((?:\\[\s\S]|'{0,2}[^'\\])*)'''/y;
const SYMBOL = /'((?:\\[\s\S]|[^'\\\n\r])*)'/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMERAL = /-?[0-9][A-Za-z0-9_.:+-]*/y;
const OPERATOR = /[!#%&*+\-./;<=>?@^`|~]+/y;
const INFINITE = /[+-]inf(?![A-Za-z0-9_$])/y;
const NULL_TYPE = /\.([a-z]+)(?![A-Za-z0-9_$])/y;
const BASE64 = /[A-Za-z0-9+/=\t\n\v\f\r ]*/y;
const TYPES = new Set(
  "null bool int float decimal timestamp symbol string clob blob list sexp struct".split(" "),
);
const RESERVED = new Set(["null", "true", "false", "nan"]);

/** The one value that the text holds; SyntaxError. */
export function parse(text) {
  if (text.length > CHARACTERS_MAX) throw new SyntaxError(`longer than ${CHARACTERS_MAX}`);
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.skip();
  if (reader.at < text.length) reader.fail("more than one value");
  return value;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  value(depth, inSexp = false) {
    if (depth > DEPTH_MAX) this.fail(`more than ${DEPTH_MAX} values within each other`);
    this.skip();
    const annotations = [];
    for (;;) {
      const found = this.bare(depth, inSexp);
      const isName = found.type === "symbol" && !found.isNull && !found.isOperator;
      const before = this.at;
      this.skip();
      if (!isName || !this.take("::")) {
        this.at = before;
        return { type: found.type, annotations, ...withoutMark(found) };
      }
      annotations.push(found.value);
      this.skip();
    }
  }

  bare(depth, inSexp) {
    const next = this.text[this.at];
    if (this.take("{{")) return this.lob();
    if (next === "{") return { type: "struct", value: this.members("{", "}", depth) };
    if (next === "[") return { type: "list", value: this.members("[", "]", depth) };
    if (next === "(") return { type: "sexp", value: this.members("(", ")", depth) };
    if (next === '"') return { type: "string", value: unescaped(this.match(QUOTED)[1]) };
    if (this.text.startsWith("'''", this.at)) return { type: "string", value: this.longString() };
    if (next === "'") return { type: "symbol", value: unescaped(this.match(SYMBOL)[1]) };
    const infinite = this.tryMatch(INFINITE);
    if (infinite) return { type: "float", value: infinite[0][0] === "-" ? -Infinity : Infinity };
    const numeralFound = this.tryMatch(NUMERAL);
    if (numeralFound) return this.ended(numeral(numeralFound[0]));
    const operator = inSexp ? this.tryMatch(OPERATOR) : null;
    if (operator) return { type: "symbol", value: operator[0], isOperator: true };
    return this.word();
  }

  word() {
    const word = this.match(WORD)[0];
    if (word === "true" || word === "false") return { type: "bool", value: word === "true" };
    if (word === "nan") return { type: "float", value: NaN };
    if (word === "null") return { type: this.nullType(), isNull: true };
    if (/^\$[0-9]+$/.test(word)) this.fail(`${word} is a symbol by its number`);
    return { type: "symbol", value: word };
  }

  nullType() {
    const type = this.tryMatch(NULL_TYPE)?.[1] ?? "null";
    if (!TYPES.has(type)) this.fail(`null.${type} is no null`);
    return type;
  }

  members(open, close, depth) {
    this.take(open);
    const found = [];
    this.skip();
    while (!this.take(close)) {
      found.push(open === "{" ? this.field(depth) : this.value(depth + 1, open === "("));
      this.skip();
      if (open !== "(" && !this.take(",") && this.text[this.at] !== close) {
        this.fail(`, or ${close} expected`);
      }
      this.skip();
    }
    return found;
  }

  field(depth) {
    const name = this.name();
    this.skip();
    if (!this.take(":")) this.fail(": expected behind a field's name");
    return [name, this.value(depth + 1)];
  }

  name() {
    const next = this.text[this.at];
    if (next === '"') return unescaped(this.match(QUOTED)[1]);
    if (this.text.startsWith("'''", this.at)) return this.longString();
    if (next === "'") return unescaped(this.match(SYMBOL)[1]);
    const word = this.match(WORD)[0];
    if (RESERVED.has(word) || /^\$[0-9]+$/.test(word)) this.fail(`${word} names no field`);
    return word;
  }

  longString() {
    return this.longParts().map(unescaped).join("");
  }

  longParts() {
    const parts = [];
    while (this.text.startsWith("'''", this.at)) {
      parts.push(this.match(LONG)[1]);
      this.skip();
    }
    return parts;
  }

  lob() {
    const blank = /[\t\n\v\f\r ]*/y;
    this.match(blank);
    const next = this.text[this.at];
    let found;
    if (next === '"') found = { type: "clob", value: clob(this.match(QUOTED)[1]) };
    else if (next === "'") found = { type: "clob", value: clob(this.longParts().join("")) };
    else found = { type: "blob", value: blob(this.match(BASE64)[0]) };
    this.match(blank);
    if (!this.take("}}")) this.fail("}} expected");
    return found;
  }

  ended(found) {
    if (/[^\t\n\v\f\r {}[\](),"'/]/.test(this.text[this.at] ?? " ")) this.fail("no such number");
    return found;
  }

  skip() {
    this.match(BLANK);
  }

  take(expected) {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  match(pattern) {
    return this.tryMatch(pattern) ?? this.fail("no value");
  }

  tryMatch(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  fail(reason) {
    throw new SyntaxError(`not Ion: ${reason} at character ${this.at}`);
  }
}

function withoutMark({ value, isNull }) {
  return isNull ? { isNull } : { value };
}
