/** What one version made different, field by field, as something to read. */

import { tagParts, textParts } from "./difference.js";
import { element } from "./elements.js";
import { FIELDS, moment } from "./wording.js";

const WORDY = new Set(["adTitle", "adDescription"]);
const TAGS = { same: "span", gone: "del", new: "ins" };

/** The changes of a version, as the API gives them with `diff=true`; null where there are none. */
export function changesList(item) {
  const changed = Object.entries(item.changes ?? {}).filter(([name]) => name in FIELDS);
  const told = item.version === 0 ? changed.filter(([name]) => isTold(name)) : changed;
  if (!told.length || item.deleted) return null;
  return element(
    "dl",
    { class: "changes" },
    told.map(([name, [before, after]]) => [
      element("dt", {}, FIELDS[name]),
      element("dd", { class: name }, difference(name, before, after)),
    ]),
  );
}

/** The values of a whole version. */
export function fieldsList(item) {
  const names = Object.keys(FIELDS).filter((name) => item[name] !== undefined);
  return element(
    "dl",
    { class: "fields" },
    names.map((name) => [
      element("dt", {}, FIELDS[name]),
      element("dd", { class: name }, name === "tags" ? tags(item.tags) : value(name, item[name])),
    ]),
  );
}

/** A creation says what was new to readers; its publisher and time stand beside it anyway. */
function isTold(name) {
  return name !== "publisherId" && name !== "createdAt";
}

function difference(name, before, after) {
  if (before === null) return name === "tags" ? tags(after) : value(name, after);
  if (name === "tags") return chips(tagParts(before, after));
  if (WORDY.has(name)) return textParts(before, after ?? "").map(part);
  return [
    part({ kind: "gone", text: value(name, before) }),
    element("span", { class: "arrow", "aria-hidden": "true" }, " → "),
    part({ kind: "new", text: value(name, after) }),
  ];
}

function part({ kind, text }) {
  return element(TAGS[kind], {}, text);
}

function tags(texts) {
  return texts.length ? chips(texts.map((text) => ({ kind: "same", text }))) : "none";
}

function chips(parts) {
  return element(
    "ul",
    { class: "chips" },
    parts.map(({ kind, text }) => element("li", { class: kind }, part({ kind, text }))),
  );
}

function value(name, found) {
  return name === "createdAt" ? moment(found) : String(found);
}
