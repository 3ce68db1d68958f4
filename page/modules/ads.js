/** The view of a publisher's ads and of one ad's timeline. */

import { fieldsList } from "./changes.js";
import { element, faultNotice } from "./elements.js";
import { ProofPanel } from "./proof_panel.js";
import { kindOf, Timeline } from "./timeline.js";
import { amount, counted, moment } from "./wording.js";

/** Of an ad's history while a moment is looked for: 10,000 versions. */
const PAGES_MAX = 100;

export class AdsView {
  constructor(section, api, announcer, goTo) {
    this.api = api;
    this.announcer = announcer;
    this.goTo = goTo;
    this.form = section.querySelector("form");
    this.content = section.querySelector("#ads-content");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [publisher, ad] = ["publisher", "ad"].map((name) => this.form[name].value.trim());
      this.goTo("ads", ad ? { publisher, ad } : { publisher });
    });
  }

  /** Show what the address asks for: an ad, a publisher's ads, or how to begin. */
  async show({ publisher, ad, version }) {
    const isSame = this.publisher === publisher && this.ad === ad && this.timeline;
    if (isSame && Number(version) === this.looked) return;
    if (isSame && version !== undefined) return this.look(Number(version));
    Object.assign(this, { publisher, ad, timeline: null });
    this.form.publisher.value = publisher ?? "";
    this.form.ad.value = ad ?? "";
    if (!publisher) return this.content.replaceChildren(beginning());
    const turn = (this.turn = Symbol("show"));
    this.content.replaceChildren(element("p", { class: "hint" }, "Asking…"));
    try {
      const made = ad ? await this.history(version) : await this.list();
      if (turn === this.turn) this.content.replaceChildren(...made);
      if (turn === this.turn && ad) this.look(this.wanted);
    } catch (error) {
      if (turn === this.turn) this.content.replaceChildren(faultNotice(error));
    }
  }

  stop() {
    // Nothing goes on by itself in this view.
  }

  async list() {
    const page = await this.api.ads(this.publisher);
    if (!page.items.length) return [empty(`Publisher ${this.publisher} has no ads now.`)];
    const list = element("ul", { class: "ads" }, page.items.map((ad) => this.adItem(ad)));
    return [element("h2", {}, `Ads of publisher ${this.publisher}`), list, ...this.moreAds(list, page)];
  }

  /** What stands below a list that goes on: nothing where it does not. */
  moreAds(list, page) {
    if (page.next === null) return [];
    const button = element("button", { type: "button" }, "More ads");
    const fault = element("div");
    button.addEventListener("click", async () => {
      button.disabled = true;
      fault.replaceChildren();
      try {
        const next = await this.api.ads(this.publisher, page.next);
        list.append(...next.items.map((ad) => this.adItem(ad)));
        fault.remove();
        button.replaceWith(...this.moreAds(list, next));
      } catch (error) {
        fault.replaceChildren(faultNotice(error));
        button.disabled = false;
      }
    });
    return [fault, button];
  }

  adItem(ad) {
    const parameters = new URLSearchParams({ publisher: this.publisher, ad: ad.adId });
    return element(
      "li",
      {},
      element("a", { href: `#/ads?${parameters}` }, ad.adTitle),
      element("span", { class: "price" }, amount(ad.price, ad.currency)),
      element("span", { class: "hint" }, `version ${ad.version} · ${ad.category}`),
    );
  }

  async history(version) {
    this.timeline = new Timeline((chosen) => this.choose(chosen));
    this.next = null;
    await this.page();
    this.wanted = version === undefined ? this.timeline.items.length - 1 : Number(version);
    while (this.next !== null && this.wanted >= this.timeline.items.length) await this.page();
    const { publisher, ad } = this;
    this.proof = new ProofPanel((shown) => this.api.proof(publisher, ad, shown.version));
    this.detail = element("section", { class: "panel detail", "aria-labelledby": "detail-title" });
    this.moreButton = element("button", { type: "button", onclick: () => this.more() }, "Later versions");
    this.moreButton.hidden = this.next === null;
    this.moreFault = element("div");
    const left = element(
      "div",
      { class: "past" },
      element("h2", {}, "What happened"),
      this.timeline.list,
      this.moreFault,
      this.moreButton,
    );
    return [element("div", { class: "columns" }, left, this.detail)];
  }

  async page() {
    const page = await this.api.history(this.publisher, this.ad, this.next);
    this.timeline.add(page.items);
    this.next = page.next;
  }

  async more() {
    this.moreButton.disabled = true;
    try {
      await this.page();
      this.moreFault.replaceChildren();
    } catch (error) {
      this.moreFault.replaceChildren(faultNotice(error));
    }
    this.moreButton.disabled = false;
    this.moreButton.hidden = this.next === null;
    this.look(this.looked);
  }

  /** Look at a version that the reader has chosen, who goes on at `focused`. */
  choose(version, focused = "h2") {
    const { publisher, ad } = this;
    this.look(version);
    this.goTo("ads", { publisher, ad, version });
    this.detail.querySelector(focused).focus();
  }

  /** Show one version whole, with the offer to check it. */
  look(version) {
    const item = this.timeline.items[version] ?? this.timeline.items.at(-1);
    this.looked = item.version;
    this.timeline.mark(item.version);
    this.proof.offer(item);
    const isLast = this.next === null && item === this.timeline.items.at(-1);
    const title = item.deleted ? "Deleted" : item.adTitle;
    this.detail.replaceChildren(
      element(
        "p",
        { class: "hint" },
        `Version ${item.version}${isLast ? ", the newest" : ` of ${counted(this.timeline.items.length, "version")}`}`,
      ),
      element("h2", { id: "detail-title", tabindex: "-1" }, title),
      ...this.slider(item),
      item.deleted ? element("p", {}, `Deleted ${moment(item.txTime)}.`) : fieldsList(item),
      this.asOf(),
      this.proof.place,
    );
  }

  slider(item) {
    const last = this.timeline.items.length - 1;
    if (last < 1) return [];
    const input = element("input", { type: "range", min: 0, max: last, value: item.version });
    input.addEventListener("change", () => this.choose(Number(input.value), "input[type=range]"));
    input.setAttribute("aria-valuetext", `version ${item.version}, ${kindOf(item)}`);
    return [element("label", { class: "slider" }, "Go through its versions", input)];
  }

  asOf() {
    const input = element("input", { type: "datetime-local", name: "at", step: "1", required: true });
    const told = element("span", { class: "hint", role: "status" });
    const ask = async (event) => {
      event.preventDefault();
      await this.travel(new Date(input.value), told);
    };
    return element(
      "form",
      { class: "bar as-of", onsubmit: ask },
      element("label", {}, "As it was at", input),
      element("button", {}, "Go there"),
      told,
    );
  }

  /** Look at the version that was the newest at a moment, as the ledger tells. */
  async travel(time, told) {
    try {
      const then = await this.api.at(this.publisher, this.ad, time.toISOString());
      for (let pages = 0; pages < PAGES_MAX && then.version >= this.timeline.items.length; pages += 1) {
        await this.more();
      }
      this.choose(then.version);
      this.announcer.say(`Version ${then.version} was the newest at ${moment(time.toISOString())}`);
    } catch (error) {
      told.textContent = error.message;
    }
  }
}

function beginning() {
  return element(
    "div",
    { class: "empty" },
    element("p", {}, "Give a publisher to see its ads, and choose one to see all that ever happened to it."),
    element("p", { class: "hint" }, "A deleted ad is not listed any more: its id still finds its history."),
  );
}

function empty(says) {
  return element("p", { class: "empty" }, says);
}
