/** The view of how far each projection, and the stream, is behind each ledger. */

import { drawn, element, faultNotice } from "./elements.js";
import { Polling } from "./polling.js";
import { count, counted, span } from "./wording.js";

const PAUSE_MS = 2000;
const SAMPLES_MAX = 60;
const NAMES = { state: "State table", search: "Search index", stream: "Stream", events: "Events" };
const [WIDTH, HEIGHT] = [240, 48];

export class LagView {
  constructor(section, api, keys, announcer) {
    this.api = api;
    this.keys = keys;
    this.announcer = announcer;
    this.content = section.querySelector("#lag-content");
    this.polling = new Polling(() => this.refresh(), PAUSE_MS);
    this.cards = new Map();
    keys.listeners.push(() => this.isShown && this.show());
  }

  show() {
    this.isShown = true;
    this.polling.stop();
    this.cards.clear();
    this.list = element("ul", { class: "lags" });
    this.faults = element("div");
    this.content.replaceChildren(this.faults, this.list);
    if (this.keys.get()) this.polling.start();
  }

  stop() {
    this.isShown = false;
    this.polling.stop();
  }

  async refresh() {
    try {
      const { items } = await this.api.lag();
      for (const lag of items) this.put(lag);
      this.faults.replaceChildren();
      if (!items.length) this.faults.replaceChildren(nothing());
    } catch (error) {
      this.faults.replaceChildren(faultNotice(error));
      throw error;
    }
  }

  put(lag) {
    const id = `${lag.projection} ${lag.ledger}`;
    let card = this.cards.get(id);
    if (!card) {
      card = lag.ledger === null ? new AgeCard(lag) : new LagCard(lag);
      this.cards.set(id, card);
      this.list.append(card.item);
    }
    const before = card.isLevel;
    card.update(lag);
    if (before !== undefined && before !== card.isLevel) {
      this.announcer.say(`${card.name} of ${lag.ledger} is ${card.isLevel ? "level" : "behind"}`);
    }
  }
}

/** A card with a graph of seconds; what they mean is the subclass's. */
class Card {
  constructor(projection, hint) {
    this.name = NAMES[projection] ?? projection;
    this.samples = [];
    this.state = element("span", { class: "status" });
    this.seconds = element("p", { class: "seconds" });
    this.line = drawn("path", { class: "line" });
    this.area = drawn("path", { class: "area" });
    this.graph = drawn(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none" },
      this.area,
      this.line,
    );
    this.facts = element("dl", { class: "fields" });
    this.item = element(
      "li",
      { class: "panel lag" },
      element("header", {}, element("h2", {}, this.name), this.state),
      element("p", { class: "hint" }, ...hint),
      this.seconds,
      this.graph,
      this.facts,
    );
  }

  draw(seconds) {
    this.samples = [...this.samples, seconds].slice(-SAMPLES_MAX);
    const top = Math.max(1, ...this.samples);
    const from = SAMPLES_MAX - this.samples.length;
    const points = this.samples.map((seconds, at) => {
      const x = ((from + at) / (SAMPLES_MAX - 1)) * WIDTH;
      return `${x.toFixed(1)} ${(HEIGHT - 2 - (seconds / top) * (HEIGHT - 6)).toFixed(1)}`;
    });
    const line = `M${points.join("L")}`;
    const first = points[0].split(" ")[0];
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", `${line}L${WIDTH} ${HEIGHT}L${first} ${HEIGHT}Z`);
    const newest = span(this.samples.at(-1));
    const says = `Lag over the last ${counted(this.samples.length, "look")}: ${newest} now, ${span(Math.max(...this.samples))} at most`;
    this.graph.setAttribute("aria-label", says);
  }
}

class LagCard extends Card {
  constructor({ projection, ledger }) {
    super(projection, ["of ledger ", element("code", {}, ledger)]);
  }

  update(lag) {
    const seconds = Number(String(lag.seconds));
    this.isLevel = lag.blocks === 0;
    const more = lag.atLeast ? "at least " : "";
    this.state.textContent = this.isLevel ? "level" : "behind";
    this.state.className = `status ${this.isLevel ? "succeeded" : "running"}`;
    this.seconds.replaceChildren(
      element("strong", {}, this.isLevel ? "0 s" : `${more}${span(seconds)}`),
      this.isLevel ? " behind" : ` behind: ${more}${counted(lag.ads, "ad")} in ${counted(lag.blocks, "block")}`,
    );
    this.draw(seconds);
    this.facts.replaceChildren(
      ...fact("Newest block", count(lag.head)),
      ...fact("Level up to", lag.applied < 0 ? "none" : `block ${count(lag.applied)}`),
    );
  }
}

/** Of who leaves nothing behind that could be asked: how old what it was given last was. */
class AgeCard extends Card {
  constructor({ projection }) {
    super(projection, ["to other systems, of all ledgers"]);
    this.facts.remove();
  }

  update({ seconds }) {
    const isQuiet = seconds === null;
    this.state.textContent = isQuiet ? "quiet" : "told";
    this.state.className = `status ${isQuiet ? "" : "succeeded"}`;
    this.seconds.replaceChildren(
      ...(isQuiet
        ? ["Told of nothing in the last ten minutes."]
        : [element("strong", {}, span(seconds)), " late when last told"]),
    );
    this.graph.classList.toggle("nothing", isQuiet);
    if (!isQuiet) this.draw(Number(String(seconds)));
  }
}

function fact(name, value) {
  return [element("dt", {}, name), element("dd", {}, value)];
}

function nothing() {
  return element("p", { class: "empty" }, "The ledger is empty: there is nothing to be behind of.");
}
