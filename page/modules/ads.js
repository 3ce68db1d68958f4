/** The view of a publisher's ads and of one ad's timeline. */

import { fieldsList } from "./changes.js";
import { element, faultNotice } from "./elements.js";
import { ProofPanel } from "./proof_panel.js";
import { ScrollHint } from "./scroll_hint.js";
import { kindOf, Timeline } from "./timeline.js";
import { amount, counted, moment } from "./wording.js";

/** Of an ad's history while a version is looked for: 10,000 versions. */
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
    if (isSame && version !== undefined) return this.reach(Number(version));
    Object.assign(this, { publisher, ad, timeline: null });
    this.form.publisher.value = publisher ?? "";
    this.form.ad.value = ad ?? "";
    if (!publisher) return this.content.replaceChildren(beginning());
    const turn = (this.turn = Symbol("show"));
    this.content.replaceChildren(element("p", { class: "hint" }, "Asking…"));
    try {
      const made = ad ? await this.history() : await this.list();
      if (turn === this.turn) this.content.replaceChildren(...made);
      if (turn === this.turn && ad) await this.reach(version === undefined ? this.timeline.newest : Number(version));
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

  async history() {
    const { publisher, ad } = this;
    this.timeline = new Timeline((chosen) => this.choose(chosen));
    this.next = null;
    this.proof = new ProofPanel((shown) => this.api.proof(publisher, ad, shown.version));
    this.detail = element("section", { class: "panel detail", "aria-labelledby": "detail-title" });
    this.hint = new ScrollHint(this.detail);
    this.moreButton = element("button", { type: "button", onclick: () => this.more() }, "Earlier versions");
    this.moreFault = element("div");
    await this.page();
    const left = element(
      "div",
      { class: "past" },
      element("h2", {}, "What happened ", element("span", { class: "hint" }, "newest first")),
      this.timeline.list,
      this.moreFault,
      this.moreButton,
    );
    const right = element("div", { class: "beside" }, this.detail, this.hint.place);
    return [element("div", { class: "columns" }, left, right)];
  }

  /** Load the versions before those that are there. */
  async page() {
    const { timeline } = this;
    const page = await this.api.history(this.publisher, this.ad, this.next);
    if (timeline !== this.timeline) return;
    timeline.add(page.items);
    this.next = page.next;
    this.moreButton.hidden = this.next === null;
  }

  async more() {
    const { oldest } = this.timeline;
    this.moreButton.disabled = true;
    try {
      await this.page();
      this.moreFault.replaceChildren();
      this.announcer.say(`${counted(this.timeline.items.size, "version")} are shown`);
    } catch (error) {
      this.moreFault.replaceChildren(faultNotice(error));
    }
    this.moreButton.disabled = false;
    this.timeline.buttons.get(oldest - 1)?.focus({ preventScroll: true });
  }

  /** Look at a version, once it is loaded; whether that was done. */
  async reach(version) {
    const { timeline } = this;
    try {
      for (let pages = 0; pages < PAGES_MAX && this.next !== null && version < timeline.oldest; pages += 1) {
        await this.page();
        if (timeline !== this.timeline) return false;
      }
      this.moreFault.replaceChildren();
    } catch (error) {
      if (timeline === this.timeline) this.moreFault.replaceChildren(faultNotice(error));
    }
    this.look(version);
    return true;
  }

  /** Look at a version that the reader has chosen, who goes on at `focused`. */
  async choose(version, focused = "h2") {
    const { publisher, ad } = this;
    if (!(await this.reach(version))) return;
    this.goTo("ads", { publisher, ad, version });
    this.detail.querySelector(focused).focus();
  }

  /** Show one version whole, with the offer to check it. */
  look(version) {
    const item = this.timeline.at(version);
    this.looked = item.version;
    this.timeline.mark(item.version);
    this.proof.offer(item);
    const { newest } = this.timeline;
    const title = item.deleted ? "Deleted" : item.adTitle;
    this.detail.replaceChildren(
      element(
        "p",
        { class: "hint" },
        `Version ${item.version}${item.version === newest ? ", the newest" : ` of ${counted(newest + 1, "version")}`}`,
      ),
      element("h2", { id: "detail-title", tabindex: "-1" }, title),
      ...this.slider(item),
      item.deleted ? element("p", {}, `Deleted ${moment(item.txTime)}.`) : fieldsList(item),
      this.asOf(),
      this.proof.place,
      this.hint.end,
    );
  }

  slider(item) {
    const { newest } = this.timeline;
    if (newest < 1) return [];
    const input = element("input", { type: "range", min: 0, max: newest, value: item.version });
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
      // A version that came after the page was opened is not in its timeline: all is loaded anew.
      if (then.version > this.timeline.newest) this.timeline = null;
      if (this.timeline) await this.choose(then.version);
      else this.goTo("ads", { publisher: this.publisher, ad: this.ad, version: then.version });
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
