/** Ion's literals: numbers, times, texts and bytes as they are written, and what they mean. */

import { fromBase64 } from "./bytes.js";

const DIGITS = "(?:0|[1-9](?:_?[0-9])*)";
const INT = new RegExp(`^-?${DIGITS}$`);
const RADIX_INT = /^(-?)(0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB][01]+(?:_[01]+)*)$/;
const DECIMAL = new RegExp(`^(-?)(${DIGITS})(?:\\.([0-9](?:_?[0-9])*)?)?(?:[dD]([+-]?[0-9]+))?$`);
const FLOAT = new RegExp(`^-?${DIGITS}(?:\\.(?:[0-9](?:_?[0-9])*)?)?[eE][+-]?[0-9]+$`);
const TIMESTAMP = new RegExp(
  "^([0-9]{4})(?:T|-([0-9]{2})(?:T|-([0-9]{2})(?:T?|" +
    "T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]+))?)?(Z|[+-][0-9]{2}:[0-9]{2}))))$",
);
const ESCAPES = {
  0: "\0", a: "\x07", b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", v: "\v",
  '"': '"', "'": "'", "?": "?", "/": "/", "\\": "\\",
};
const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n|\r)|([\s\S]?))/g;
const EXPONENT_MAX = 1_000_000;

/** The value of a token that begins like a number, without annotations; SyntaxError. */
export function numeral(token) {
  if (INT.test(token)) return { type: "int", value: BigInt(plain(token)) };
  const radix = RADIX_INT.exec(token);
  if (radix) {
    const magnitude = BigInt(plain(radix[2]).toLowerCase());
    return { type: "int", value: radix[1] ? -magnitude : magnitude };
  }
  if (FLOAT.test(token)) return { type: "float", value: Number(plain(token)) };
  return decimal(token) ?? timestamp(token);
}

function decimal(token) {
  const found = DECIMAL.exec(token);
  if (!found) return null;
  const [, sign, whole, fraction = "", power = "0"] = found;
  const digits = plain(fraction);
  const exponent = Number(power) - digits.length;
  if (Math.abs(exponent) > EXPONENT_MAX) throw new SyntaxError(`${token} is out of all bounds`);
  const coefficient = BigInt(plain(whole) + digits);
  return { type: "decimal", value: { isNegative: sign === "-", coefficient, exponent } };
}

function timestamp(token) {
  const found = TIMESTAMP.exec(token);
  if (!found) throw new SyntaxError(`${token} is no number and no time`);
  const [year, month, day, hour, minute, second] = found
    .slice(1, 7)
    .map((part) => (part === undefined ? null : Number(part)));
  const value = { ...inUtc(found[8], year, month, day, hour, minute, second, token) };
  value.fraction = found[7] ?? null;
  return { type: "timestamp", value };
}

/** The parts as UTC, null where there are none, and the offset in minutes, null if unknown. */
function inUtc(zone, year, month, day, hour, minute, second, token) {
  const offset = minutesOf(zone);
  const moment = new Date(0);
  moment.setUTCFullYear(year, (month ?? 1) - 1, day ?? 1);
  const isDate = moment.getUTCMonth() === (month ?? 1) - 1 && moment.getUTCDate() === (day ?? 1);
  const isTime = (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60;
  moment.setUTCHours(hour ?? 0, (minute ?? 0) - (offset ?? 0), second ?? 0);
  const utcYear = moment.getUTCFullYear();
  if (!isDate || !isTime || year < 1 || utcYear < 1 || utcYear > 9999) {
    throw new SyntaxError(`${token} is no time`);
  }
  return {
    offset,
    year: utcYear,
    month: month && moment.getUTCMonth() + 1,
    day: day && moment.getUTCDate(),
    hour: hour === null ? null : moment.getUTCHours(),
    minute: minute === null ? null : moment.getUTCMinutes(),
    second,
  };
}

function minutesOf(zone) {
  if (zone === undefined || zone === "-00:00") return null;
  if (zone === "Z") return 0;
  const [hours, minutes] = zone.slice(1).split(":").map(Number);
  if (hours > 23 || minutes > 59) throw new SyntaxError(`${zone} is no offset`);
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** Text with its escapes resolved; SyntaxError for unknown ones and for halves of characters. */
export function unescaped(raw) {
  const text = raw.replace(ESCAPE, (whole, x, u, long, newline, one) => {
    if (newline !== undefined) return "";
    if (one === undefined) return characterOf(x ?? u ?? long, whole);
    if (!Object.hasOwn(ESCAPES, one)) throw new SyntaxError(`${whole} is no escape`);
    return ESCAPES[one];
  });
  if (/\p{Surrogate}/u.test(text)) throw new SyntaxError("text holds half of a character");
  return text;
}

function characterOf(digits, whole) {
  const code = parseInt(digits, 16);
  if (code > 0x10ffff) throw new SyntaxError(`${whole} is no character`);
  return digits.length === 8 ? String.fromCodePoint(code) : String.fromCharCode(code);
}

/** The bytes of a clob's text: one for each character. */
export function clob(raw) {
  const text = unescaped(raw);
  const escapes = raw.match(/\\[^]/g) ?? [];
  if (/[^\0-\xff]/.test(text) || escapes.some((escape) => /[uU]/.test(escape))) {
    throw new SyntaxError("a clob holds bytes");
  }
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The bytes of a blob's base64, in which there may be blanks. */
export function blob(raw) {
  return fromBase64(raw.replace(/[\t\n\v\f\r ]/g, ""));
}


function plain(digits) {
  return digits.replaceAll("_", "");
}
