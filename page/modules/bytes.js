/** Bytes as text and back, and SHA-256 by the browser's own WebCrypto. */

export const HASH_BYTES = 32;

/** SHA-256 of bytes: a promise of 32 bytes. Browsers offer it on https and on loopback alone. */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Arrays of bytes, one behind the other. */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes. */
export function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Less than 0, 0 or more, as arrays of unsigned bytes are sorted. */
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    if (a[at] !== b[at]) return a[at] - b[at];
  }
  return a.length - b.length;
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The bytes of standard base64 with its padding; SyntaxError for anything else. */
export function fromBase64(text) {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  if (!isBase64) throw new SyntaxError("not base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A hash of 32 bytes, as people keep it: base64 or hexadecimal digits; SyntaxError otherwise. */
export function hashFrom(text) {
  const kept = text.trim();
  const digits = /^[0-9a-fA-F]{64}$/.test(kept) ? kept.match(/../g) : null;
  const bytes = digits ? Uint8Array.from(digits, (pair) => parseInt(pair, 16)) : fromBase64(kept);
  if (bytes.length !== HASH_BYTES) {
    throw new SyntaxError(`a hash has ${HASH_BYTES} bytes, not ${bytes.length}`);
  }
  return bytes;
}
