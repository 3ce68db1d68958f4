/** The hash tree above a revision: how two hashes become one, and the way up to a digest. */

import { joined, sha256 } from "./bytes.js";

/** More than any ledger needs: the number of blocks doubles with each. */
export const PATH_HASHES_MAX = 1000;

/** SHA-256 of two hashes joined, the smaller by signed bytes from the last one back first. */
export async function dot(a, b) {
  if (!a.length || !b.length) return a.length ? a : b;
  return sha256(isSmaller(a, b) ? joined(a, b) : joined(b, a));
}

/** Every hash from a leaf to the root, both included, that a path of sisters leads over. */
export async function climb(leaf, path) {
  if (path.length > PATH_HASHES_MAX) throw new RangeError(`more than ${PATH_HASHES_MAX} hashes`);
  const way = [leaf];
  for (const sister of path) way.push(await dot(way.at(-1), sister));
  return way;
}

/** How many sisters lead from a leaf to the root of a tree with so many leaves. */
export function pathLength(index, size) {
  let length = 0;
  for (let [at, left] = [index, size]; left > 1; length += 1) {
    const half = 2 ** Math.floor(Math.log2(left - 1));
    [at, left] = at < half ? [at, half] : [at - half, left - half];
  }
  return length;
}

function isSmaller(a, b) {
  for (let at = Math.min(a.length, b.length) - 1; at >= 0; at -= 1) {
    if (a[at] !== b[at]) return signed(a[at]) < signed(b[at]);
  }
  return a.length < b.length;
}

function signed(byte) {
  return byte < 128 ? byte : byte - 256;
}
