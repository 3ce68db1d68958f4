/** The bytes of scalars in canonical Ion binary, without their type and length. */

import { joined } from "./bytes.js";

/** The bytes of a whole number without its sign, most significant first; none for 0. */
export function magnitude(number) {
  let digits = (number < 0n ? -number : number).toString(16);
  if (digits === "0") return new Uint8Array();
  if (digits.length % 2) digits = `0${digits}`;
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

/** Eight bytes, none for 0. */
export function floatBytes(number) {
  if (Object.is(number, 0)) return new Uint8Array();
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, number);
  return bytes;
}

/** Exponent and coefficient; none for 0 with the exponent 0. */
export function decimalBytes({ isNegative, coefficient, exponent }) {
  if (coefficient === 0n && exponent === 0 && !isNegative) return new Uint8Array();
  return joined(varInt(exponent), signedInt(isNegative, coefficient));
}

/** Offset, then year to fraction of a second in UTC, as far as they are known. */
export function timestampBytes({ offset, fraction, ...parts }) {
  const known = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second];
  const bytes = [offset === null ? varInt(0, true) : varInt(offset)];
  bytes.push(...known.filter((part) => part !== null).map(varUint));
  if (fraction !== null) bytes.push(varInt(-fraction.length), signedInt(false, BigInt(fraction)));
  return joined(...bytes);
}

/** Sign and magnitude; none for 0. */
function signedInt(isNegative, coefficient) {
  const bytes = magnitude(coefficient);
  if (!bytes.length) return isNegative ? Uint8Array.of(0x80) : bytes;
  const whole = bytes[0] < 0x80 ? bytes : joined(Uint8Array.of(0), bytes);
  if (isNegative) whole[0] |= 0x80;
  return whole;
}

function varUint(number) {
  return septets(number, 0x80, 0);
}

function varInt(number, isNegative = number < 0) {
  return septets(Math.abs(number), 0x40, isNegative ? 0x40 : 0);
}

/** Seven bits a byte, the last one marked; the first has room below `limit`, and a sign. */
function septets(number, limit, sign) {
  const bytes = [];
  let rest = number;
  do {
    bytes.unshift(rest % 0x80);
    rest = Math.floor(rest / 0x80);
  } while (rest > 0);
  if (bytes[0] >= limit) bytes.unshift(0);
  bytes[0] |= sign;
  bytes[bytes.length - 1] |= 0x80;
  return Uint8Array.from(bytes);
}
