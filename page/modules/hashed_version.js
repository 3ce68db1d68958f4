/** A version of an ad as it was hashed, in the words of the API, to be compared with what is shown. */

import { decimal, Exact } from "./exact_json.js";

const TEXTS = ["publisherId", "adTitle", "adDescription", "currency", "category"];
const NOT_HASHED = new Set(["changes"]);

/** The version that a revision's members tell of; Error where they are not an ad's. */
export function versionOf({ metadata, data }) {
  const about = fields(metadata);
  const version = {
    adId: text(about.id),
    version: Number(whole(about.version)),
    txTime: time(about.txTime),
    txId: text(about.txId),
  };
  return data ? { ...version, ...adOf(fields(data)) } : { ...version, deleted: true };
}

/** What differs, in words, field by field: none when the shown version says what was hashed. */
export function differences(hashed, shown) {
  const names = new Set([...Object.keys(hashed), ...Object.keys(shown)]);
  return [...names]
    .filter((name) => !NOT_HASHED.has(name))
    .filter((name) => canonical(name, hashed[name]) !== canonical(name, shown[name]))
    .map((name) => `${name} is ${spoken(shown[name])}, ${spoken(hashed[name])} was hashed`);
}

function adOf(data) {
  return {
    ...Object.fromEntries(TEXTS.map((name) => [name, text(data[name])])),
    price: price(data.price),
    tags: list(data.tags).map(text),
    createdAt: time(data.createdAt),
  };
}

function canonical(name, value) {
  const isNumber = typeof value === "number" || value instanceof Exact;
  if (isNumber) return name === "price" ? decimal(String(value)) : String(value);
  return JSON.stringify(value);
}

function spoken(value) {
  if (value === undefined) return "nothing";
  return value instanceof Exact ? value.text : JSON.stringify(value);
}

function fields(value) {
  return Object.fromEntries(of("struct", value));
}

function list(value) {
  return of("list", value);
}

function text(value) {
  return of("string", value);
}

function whole(value) {
  return of("int", value);
}

function price(value) {
  if (value?.type === "int") return new Exact(String(of("int", value)));
  const { isNegative, coefficient, exponent } = of("decimal", value);
  return new Exact(`${isNegative ? "-" : ""}${written(String(coefficient), exponent)}`);
}

/** A decimal as people write it, where it is not too long for that. */
function written(digits, exponent) {
  if (exponent === 0) return digits;
  if (exponent > 0 || exponent < -30) return `${digits}E${exponent}`;
  const padded = digits.padStart(1 - exponent, "0");
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function time(value) {
  const parts = of("timestamp", value);
  const two = (part) => String(part ?? 0).padStart(2, "0");
  const date = `${String(parts.year).padStart(4, "0")}-${two(parts.month)}-${two(parts.day)}`;
  const milliseconds = (parts.fraction ?? "").padEnd(3, "0").slice(0, 3);
  return `${date}T${two(parts.hour)}:${two(parts.minute)}:${two(parts.second)}.${milliseconds}Z`;
}

function of(type, value) {
  if (value?.type !== type || value.isNull || value.annotations.length) {
    throw new Error(`What was hashed is not an ad: a ${type} is missing.`);
  }
  return value.value;
}
