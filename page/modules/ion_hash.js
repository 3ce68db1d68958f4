/**
 * The Ion hash of a value: SHA-256 over 0B type content 0E, members of containers within.
 *
 * The ledger's hashes are made so; see the Ion hash specification, 1.0. Contents of scalars are
 * the bytes of their canonical Ion binary encoding.
 */

import { compare, joined, sha256, utf8 } from "./bytes.js";
import { decimalBytes, floatBytes, magnitude, timestampBytes } from "./ion_binary.js";

const BEGIN = 0x0b;
const END = 0x0e;
const ESCAPE = 0x0c;
const NULL = 0x0f;
const CODES = {
  null: 0, bool: 1, int: 2, float: 4, decimal: 5, timestamp: 6, symbol: 7, string: 8,
  clob: 9, blob: 10, list: 11, sexp: 12, struct: 13,
};
const NEGATIVE_INT = 3;
const ANNOTATED = 14;

/** The Ion hash of a value as ion_text reads it: a promise of 32 bytes. */
export async function ionHash(value) {
  return sha256(await serialized(value));
}

async function serialized(value) {
  const bare = await unannotated(value);
  if (!value.annotations.length) return bare;
  return framed(ANNOTATED << 4, joined(...value.annotations.map(symbol), bare));
}

async function unannotated({ type, value, isNull }) {
  const tag = CODES[type] << 4;
  if (isNull) return framed(tag | NULL, new Uint8Array());
  switch (type) {
    case "struct":
      return framed(tag, escaped(await fieldHashes(value)));
    case "list":
    case "sexp":
      return framed(tag, joined(...(await Promise.all(value.map(serialized)))));
    case "bool":
      return framed(tag | (value ? 1 : 0), new Uint8Array());
    case "int":
      return framed((value < 0n ? NEGATIVE_INT : CODES.int) << 4, escaped(magnitude(value)));
    default:
      return framed(tag, escaped(content(type, value)));
  }
}

function content(type, value) {
  if (type === "float") return floatBytes(value);
  if (type === "decimal") return decimalBytes(value);
  if (type === "timestamp") return timestampBytes(value);
  return type === "clob" || type === "blob" ? value : utf8(value);
}

/** The hashes of all fields, sorted: a struct's members have no order. */
async function fieldHashes(fields) {
  const hashes = await Promise.all(
    fields.map(async ([name, value]) => sha256(joined(symbol(name), await serialized(value)))),
  );
  return joined(...hashes.sort(compare));
}

function symbol(text) {
  return framed(CODES.symbol << 4, escaped(utf8(text)));
}

function framed(tag, body) {
  return joined(Uint8Array.of(BEGIN, tag), body, Uint8Array.of(END));
}

/** The bytes that frame values are marked where they are plain bytes. */
function escaped(body) {
  const isSpecial = (byte) => byte === BEGIN || byte === END || byte === ESCAPE;
  if (!body.some(isSpecial)) return body;
  return Uint8Array.from(
    Array.from(body).flatMap((byte) => (isSpecial(byte) ? [ESCAPE, byte] : [byte])),
  );
}
