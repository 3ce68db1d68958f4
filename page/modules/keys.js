/**
 * The keys that sign operators' calls: this tab's, and never stored beyond it.
 *
 * They are held in memory; in sessionStorage only where the operator asks for it, which ends with
 * the tab. The embedded stack's come with its config.
 */

import { element } from "./elements.js";

const STORED = "adledger.keys";

export class Keys {
  /** `own` are keys that the config brings, or undefined. */
  constructor(own, storage = sessionStorage) {
    this.own = own;
    this.storage = storage;
    this.given = JSON.parse(storage.getItem(STORED) ?? "null");
    this.listeners = [];
  }

  /** What signs now; null where nobody gave any. */
  get() {
    return this.given ?? this.own ?? null;
  }

  use(keys, isKept) {
    this.given = keys;
    if (isKept) this.storage.setItem(STORED, JSON.stringify(keys));
    this.changed();
  }

  forget() {
    this.given = null;
    this.storage.removeItem(STORED);
    this.changed();
  }

  changed() {
    for (const listener of this.listeners) listener();
  }
}

/** Where an operator gives keys, or is told which are used. */
export function keysPanel(keys) {
  const place = element("div");
  const render = () => place.replaceChildren(contentOf(keys));
  keys.listeners.push(render);
  render();
  return place;
}

function contentOf(keys) {
  if (keys.given) return givenNote(keys);
  if (keys.own) {
    const says = "Calls are signed with the embedded stack’s own keys, which come with its config.";
    return element("p", { class: "hint" }, says);
  }
  return form(keys);
}

function givenNote(keys) {
  const kept = `Calls are signed with ${keys.given.accessKeyId}, which this tab forgets when it is closed. `;
  const forget = element("button", { type: "button", onclick: () => keys.forget() }, "Forget now");
  return element("p", { class: "hint" }, kept, forget);
}

function form(keys) {
  const use = (event) => {
    event.preventDefault();
    const found = new FormData(event.target);
    const text = (name) => String(found.get(name) ?? "").trim();
    const given = { accessKeyId: text("id"), secretAccessKey: text("secret") };
    if (text("token")) given.sessionToken = text("token");
    keys.use(given, found.get("keep") !== null);
  };
  const field = (label, name, more = {}) =>
    element(
      "label",
      { class: "grows" },
      label,
      element("input", { name, class: "mono", autocomplete: "off", spellcheck: "false", ...more }),
    );
  return element(
    "form",
    { class: "panel keys", onsubmit: use, "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    element(
      "p",
      { class: "hint" },
      "Operators’ calls are signed, and IAM says who may. Paste temporary keys, as ",
      element("code", {}, "aws configure export-credentials"),
      " gives them. The secret stays in this tab: calls carry a signature made with it, ",
      "the key’s id and the session token.",
    ),
    element(
      "div",
      { class: "bar" },
      field("Access key id", "id", { required: true }),
      field("Secret access key", "secret", { required: true, type: "password" }),
      field("Session token", "token", { type: "password" }),
    ),
    element(
      "div",
      { class: "bar" },
      element(
        "label",
        { class: "check" },
        element("input", { type: "checkbox", name: "keep" }),
        "Keep them while this tab is open, over reloads too",
      ),
      element("button", { class: "primary" }, "Use these keys"),
    ),
  );
}
