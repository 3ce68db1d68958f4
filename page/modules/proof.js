/**
 * Checks a proof of one version of an ad, in this browser, from nothing but the proof.
 *
 * A step is {name, state, says, code?}: its state is "holds", "fails" or "unchecked". What cannot be told
 * from the proof is said to be unchecked, never passed over.
 */

import { fromBase64, hashFrom, HASH_BYTES, same } from "./bytes.js";
import { differences, versionOf } from "./hashed_version.js";
import { ionHash } from "./ion_hash.js";
import { parse } from "./ion_text.js";
import { climb, dot, pathLength } from "./merkle.js";

const REQUIRED = ["blockAddress", "hash", "metadata"];
const OPTIONAL = ["data", "dataHash"];
/** From a revision to its block; far more than a block has. */
const HASHES_WITHIN_MAX = 16;

/**
 * {isProven, steps, way}: whether no step fails, and the hashes from the revision to the digest.
 *
 * `shown` is the version as the page shows it, `kept` the text of a digest that the reader brought
 * along, or "". Nothing is thrown for a proof that is wrong.
 */
export async function check(proof, shown, kept) {
  const revision = await attempt("The revision's hash", () => checkRevision(proof));
  const found = revision.found;
  const content = await attempt("What you see", () => checkContent(found, shown));
  const path = await attempt("The way to the digest", () => checkPath(proof, found));
  const digest = await attempt("The digest", () => checkDigest(proof, kept));
  const steps = [revision, content, path, digest, placeStep(proof), ledgerStep(proof)];
  const isProven = steps.every(({ state }) => state !== "fails");
  return { isProven, steps, way: path.found ?? [] };
}

async function attempt(name, step) {
  try {
    return { name, state: "holds", ...(await step()) };
  } catch (error) {
    return { name, state: "fails", says: error.message };
  }
}

async function checkRevision(proof) {
  const struct = structOf(parse(textOf(proof?.revision?.ion)));
  const metadata = await ionHash(struct.metadata);
  const data = await dataHash(struct);
  const hash = data ? await dot(data, metadata) : metadata;
  if (!same(bytesOf(struct.hash), hash)) {
    throw new Error("Data and metadata do not give the revision's hash: they were altered.");
  }
  const says = "Recomputed from data and metadata: Ion hash, SHA-256.";
  return { says, found: { struct, hash } };
}

/** The revision's members by name; Error where they are not those of a revision. */
function structOf(value) {
  const names = value.type === "struct" && !value.isNull ? value.value.map(([name]) => name) : [];
  const isKnown = names.every((name) => REQUIRED.includes(name) || OPTIONAL.includes(name));
  const isWhole = REQUIRED.every((name) => names.includes(name));
  if (!isKnown || !isWhole || value.annotations.length || new Set(names).size < names.length) {
    throw new Error("The Ion has not the members of a revision.");
  }
  return Object.fromEntries(value.value);
}

async function dataHash(struct) {
  if (struct.data) return ionHash(struct.data);
  return struct.dataHash ? bytesOf(struct.dataHash) : null;
}

function checkContent(found, shown) {
  if (!found) throw new Error("Cannot be compared with a revision that does not hold.");
  const { struct } = found;
  if (struct.dataHash && !struct.data) {
    return { state: "unchecked", says: "Its data were erased; only their hash is left." };
  }
  const strays = differences(versionOf(struct), shown);
  if (strays.length) throw new Error(`The page shows something else: ${strays.join("; ")}.`);
  return { says: "Every field that this page shows is what was hashed." };
}

async function checkPath(proof, found) {
  if (!found) throw new Error("Leads nowhere without the revision's hash.");
  checkAddresses(proof, found.struct);
  const way = await climb(found.hash, proof.proof.map(hashOf));
  if (!same(way.at(-1), hashOf(proof.digest))) {
    throw new Error("Revision and proof do not lead to the digest.");
  }
  const hashes = `${way.length - 1} hash${way.length === 2 ? "" : "es"}`;
  return { says: `${hashes} lead from the revision to the digest.`, found: way };
}

/** Error where the addresses do not agree, or so many hashes cannot lead from one to the other. */
function checkAddresses({ blockAddress, digestTipAddress, proof }, struct) {
  const [block, tip] = [numberOf(blockAddress), numberOf(digestTipAddress)];
  if (tip < block) throw new Error("The digest covers fewer blocks than it would have to.");
  if (!isAddress(struct.blockAddress, blockAddress)) {
    throw new Error("The block is not the one that the revision names.");
  }
  if (digestTipAddress.strandId !== blockAddress.strandId) {
    throw new Error("The digest is of another strand than the revision.");
  }
  const within = proof.length - pathLength(block, tip + 1) - (block ? 1 : 0);
  if (within < 1 || within > HASHES_WITHIN_MAX) {
    throw new Error(`So many hashes do not lead from block ${block} to a digest of blocks 0–${tip}.`);
  }
}

/** What no hash covers; it has to be said, or it would be read as proven. */
function placeStep(proof) {
  const [ledger, block, tip] = [proof?.ledger, proof?.blockAddress, proof?.digestTipAddress];
  const says =
    `Only said by the proof, no hash covers it: ledger ${ledger}, block ${block?.sequenceNo} of ` +
    `strand ${block?.strandId}, a digest of the blocks up to ${tip?.sequenceNo}. ` +
    "Verifying the ledger proves it, too.";
  return { name: "Where it is", state: "unchecked", says };
}

function checkDigest(proof, kept) {
  if (!kept.trim()) {
    const says =
      "It came with the proof. Only one that you had from elsewhere shows that nothing was altered: " +
      "paste it below, and keep this one for later.";
    return { state: "unchecked", says, code: String(proof?.digest) };
  }
  if (!same(digestFrom(kept), hashOf(proof.digest))) {
    throw new Error("It is not the one that you kept. Both have to be of the same tip.");
  }
  return { says: "It is the one that you kept: nothing up to it was altered since." };
}

function ledgerStep(proof) {
  const [ledger, tip] = [proof?.ledger, proof?.digestTipAddress?.sequenceNo];
  const says = "Whether all other blocks are in order takes all of them, and rights to read them:";
  const code = `adledger verify ledger --ledger ${ledger} --tip ${tip} --digest ${proof?.digest}`;
  return { name: "The rest of the ledger", state: "unchecked", says, code };
}

function digestFrom(text) {
  try {
    return hashFrom(text);
  } catch {
    throw new Error(`A digest is ${HASH_BYTES} bytes, in base64 or hexadecimal digits.`);
  }
}

function isAddress(ion, address) {
  const fields = Object.fromEntries(ion.type === "struct" && !ion.isNull ? ion.value : []);
  return (
    fields.strandId?.value === address.strandId &&
    fields.sequenceNo?.type === "int" &&
    fields.sequenceNo.value === BigInt(address.sequenceNo)
  );
}

function numberOf(address) {
  if (!Number.isSafeInteger(address?.sequenceNo)) throw new Error("The proof names no block.");
  return address.sequenceNo;
}

function textOf(ion) {
  if (typeof ion !== "string") throw new Error("The proof holds no revision.");
  return ion;
}

function bytesOf(value) {
  if (value.type !== "blob" || value.value?.length !== HASH_BYTES) {
    throw new Error(`A hash in the revision is not ${HASH_BYTES} bytes.`);
  }
  return value.value;
}

function hashOf(text) {
  const bytes = typeof text === "string" ? fromBase64(text) : new Uint8Array();
  if (bytes.length !== HASH_BYTES) throw new Error(`A hash of the proof is no ${HASH_BYTES} bytes.`);
  return bytes;
}

