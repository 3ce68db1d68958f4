/** The difference between two texts, word by word, and between two lists of tags. */

/** Steps of one comparison; texts that would need more are shown as replaced whole. */
const STEPS_MAX = 1_000_000;
const WORDS = /\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu;

/**
 * Parts {kind, text} in order: "same", "gone" or "new".
 *
 * Those that are not new make the old text, those that are not gone the new one.
 */
export function textParts(before, after) {
  const [old, fresh] = [before.match(WORDS) ?? [], after.match(WORDS) ?? []];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  const room = Math.min(old.length, fresh.length) - start;
  while (end < room && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const middle = between(
    old.slice(start, old.length - end),
    fresh.slice(start, fresh.length - end),
  );
  const common = (words) => words.map((text) => ({ kind: "same", text }));
  return merged([
    ...common(old.slice(0, start)),
    ...middle,
    ...common(end ? old.slice(-end) : []),
  ]);
}

/** Tags {kind, text}: those of the new list in its order, then those that are gone. */
export function tagParts(before, after) {
  const kept = after.map((text) => ({ kind: before.includes(text) ? "same" : "new", text }));
  const gone = before.filter((text) => !after.includes(text));
  return [...kept, ...gone.map((text) => ({ kind: "gone", text }))];
}

function between(old, fresh) {
  const gone = old.map((text) => ({ kind: "gone", text }));
  const added = fresh.map((text) => ({ kind: "new", text }));
  if (!old.length || !fresh.length || old.length * fresh.length > STEPS_MAX) {
    return [...gone, ...added];
  }
  const lengths = commonLengths(old, fresh);
  const parts = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < fresh.length) {
    if (old[i] === fresh[j]) {
      parts.push({ kind: "same", text: old[i] });
      i += 1;
      j += 1;
    } else if (lengths[i + 1][j] >= lengths[i][j + 1]) parts.push(gone[i++]);
    else parts.push(added[j++]);
  }
  return [...parts, ...gone.slice(i), ...added.slice(j)];
}

/** The longest common run of words from each pair of places on. */
function commonLengths(old, fresh) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      lengths[i][j] =
        old[i] === fresh[j]
          ? lengths[i + 1][j + 1] + 1
          : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** Neighbours of one kind as one part. */
function merged(parts) {
  const found = [];
  for (const { kind, text } of parts) {
    if (found.at(-1)?.kind === kind) found.at(-1).text += text;
    else found.push({ kind, text });
  }
  return found;
}
