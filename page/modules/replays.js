/** The view of replays: start one, watch all of them, cancel or resume. */

import { element, faultNotice } from "./elements.js";
import { Polling } from "./polling.js";
import { isUnderWay, ReplayCard } from "./replay_card.js";
import { replayForm } from "./replay_form.js";

const BUSY_MS = 700;
const IDLE_MS = 5000;

export class ReplaysView {
  constructor(section, api, keys, announcer) {
    this.api = api;
    this.keys = keys;
    this.announcer = announcer;
    this.content = section.querySelector("#replays-content");
    this.cards = new Map();
    this.polling = new Polling(() => this.refresh(), IDLE_MS);
    keys.listeners.push(() => this.isShown && this.show());
  }

  show() {
    this.isShown = true;
    this.polling.stop();
    this.cards.clear();
    if (!this.keys.get()) return this.content.replaceChildren();
    this.list = element("ul", { class: "replays" });
    this.faults = element("div");
    this.content.replaceChildren(
      element(
        "div",
        { class: "columns" },
        replayForm((request, key) => this.begin(request, key)),
        element("div", {}, element("h2", {}, "Under way and done"), this.faults, this.list),
      ),
    );
    this.polling.start();
  }

  stop() {
    this.isShown = false;
    this.polling.stop();
  }

  async begin(request, key) {
    const replay = await this.api.startReplay(request, key);
    this.announcer.say(`Replay ${replay.replayId} is started`);
    this.put(replay, 0);
    this.polling.now();
  }

  async refresh() {
    try {
      const page = await this.api.replays();
      page.items.forEach((replay, at) => this.put(replay, at));
      this.faults.replaceChildren();
      if (!this.cards.size) this.faults.replaceChildren(none());
      return page.items.some(isUnderWay) ? BUSY_MS : IDLE_MS;
    } catch (error) {
      this.faults.replaceChildren(faultNotice(error));
      throw error;
    }
  }

  /** Show a replay as it is now; a card that is there stays, so nobody loses their place. */
  put(replay, at) {
    let card = this.cards.get(replay.replayId);
    if (!card) {
      card = new ReplayCard((verb) => this.act(card, verb));
      this.cards.set(replay.replayId, card);
      this.list.insertBefore(card.item, this.list.children[at] ?? null);
    }
    card.update(replay);
    this.announcer.progress(replay.replayId, card.name, replay.status, Number(String(replay.percent)));
  }

  async act(card, verb) {
    const call = { cancel: "cancelReplay", resume: "resumeReplay" }[verb];
    try {
      card.update(await this.api[call](card.replay.replayId));
      card.tell(null);
    } catch (error) {
      card.tell(error);
    }
    this.polling.now();
  }
}

function none() {
  return element("p", { class: "empty" }, "Nothing has been replayed yet.");
}
