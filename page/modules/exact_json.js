/** JSON whose numbers keep every digit: a price is never a binary float. */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const SAFE = /^-?\d{1,15}$/;
const MARK = "\u0000exact";

/** A number as it was written. */
export class Exact {
  constructor(text) {
    this.text = text;
    Object.freeze(this);
  }

  toString() {
    return this.text;
  }
}

/** The value; whole numbers of up to 15 digits are numbers, others Exact. SyntaxError. */
export function parse(text) {
  const marked = text.replace(TOKEN, (token) =>
    token[0] === '"' || SAFE.test(token) ? token : `{${JSON.stringify(MARK)}:"${token}"}`,
  );
  return JSON.parse(marked, (_, value) => (isMarked(value) ? new Exact(value[MARK]) : value));
}

/** Coefficient and exponent as text, the same for 1.50 however written, another for 1.5. */
export function decimal(text) {
  const found = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eEdD]([+-]?\d+))?$/.exec(text);
  if (!found) throw new SyntaxError(`${text} is not a decimal number`);
  const [, sign, whole, fraction = "", exponent = "0"] = found;
  const coefficient = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  return `${coefficient}d${BigInt(exponent) - BigInt(fraction.length)}`;
}

function isMarked(value) {
  return value !== null && typeof value === "object" && typeof value[MARK] === "string";
}
