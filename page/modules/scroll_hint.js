/** Says that a panel which scrolls inside itself goes on below, for those who see no scroll bar. */

import { element } from "./elements.js";

export class ScrollHint {
  /** `place` goes beside the panel, over its lower edge; `end` is to be the panel's last child. */
  constructor(panel) {
    this.place = element("p", { class: "more-below", "aria-hidden": "true", hidden: true }, "More below ↓");
    this.end = element("div", { class: "tail", "aria-hidden": "true" });
    const seen = (entries) => {
      this.place.hidden = entries.at(-1).isIntersecting;
    };
    new IntersectionObserver(seen, { root: panel }).observe(this.end);
  }
}
