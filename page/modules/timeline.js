/** An ad's versions, newest first: what each one changed, and which one is being looked at. */

import { changesList } from "./changes.js";
import { element } from "./elements.js";
import { moment, short } from "./wording.js";

const KINDS = { created: "Created", changed: "Changed", deleted: "Deleted" };

export class Timeline {
  /** `look` is called with the number of a version that is chosen. */
  constructor(look) {
    this.look = look;
    this.items = new Map();
    this.list = element("ol", { class: "chain", reversed: true });
    this.buttons = new Map();
  }

  /** Add a page of versions, which are those before the ones that are there. */
  add(items) {
    for (const item of items) this.items.set(item.version, item);
    this.newest ??= items[0].version;
    this.oldest = items.at(-1).version;
    this.list.append(...items.map((item) => this.link(item)));
  }

  /** A version that is there; the newest for any other. */
  at(version) {
    return this.items.get(version) ?? this.items.get(this.newest);
  }

  /** Mark the version that is being looked at. */
  mark(version) {
    for (const [each, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(each === version));
      button.closest("li").classList.toggle("chosen", each === version);
    }
  }

  link(item) {
    const kind = kindOf(item);
    const says = `${KINDS[kind]} as version ${item.version}`;
    const button = element(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.look(item.version) },
      "Look at version ",
      String(item.version),
    );
    this.buttons.set(item.version, button);
    return element(
      "li",
      { class: `link ${kind}` },
      element("span", { class: "node", "aria-hidden": "true" }, String(item.version)),
      element(
        "article",
        { "aria-label": says },
        element(
          "header",
          {},
          element("h3", {}, KINDS[kind]),
          element("time", { datetime: item.txTime, title: item.txTime }, moment(item.txTime)),
        ),
        changesList(item),
        item.deleted ? element("p", { class: "end" }, "The ad ends here. What it was stays.") : null,
        element(
          "footer",
          {},
          button,
          element("span", { class: "hint" }, "transaction ", code(item.txId)),
        ),
      ),
    );
  }
}

/** What a version is: the ad's creation, a change of it, or its end. */
export function kindOf(item) {
  if (item.deleted) return "deleted";
  return item.version === 0 ? "created" : "changed";
}

function code(text) {
  return element("code", { title: text }, short(text));
}
