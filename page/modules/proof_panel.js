/** Shows a proof being checked; the revision can be altered by hand, to see the check fail. */

import { hex } from "./bytes.js";
import { element, faultNotice, mark } from "./elements.js";
import { check } from "./proof.js";
import { short } from "./wording.js";

const TYPING_MS = 150;
const STATES = { holds: "holds", fails: "fails", unchecked: "not checked here" };

export class ProofPanel {
  /** `fetchProof` gives a promise of the proof of a shown version. */
  constructor(fetchProof) {
    this.fetchProof = fetchProof;
    this.place = element("section", { class: "proof", "aria-label": "Proof" });
  }

  /** Offer to check this version. */
  offer(shown) {
    this.shown = shown;
    this.proof = null;
    const button = element(
      "button",
      { type: "button", class: "primary", onclick: () => this.open() },
      "Check its proof in this browser",
    );
    this.place.replaceChildren(button);
  }

  async open() {
    const shown = this.shown;
    try {
      const proof = await this.fetchProof(shown);
      if (shown !== this.shown) return;
      this.proof = proof;
      this.render();
      await this.recheck();
      this.verdict.focus();
    } catch (error) {
      if (shown === this.shown) this.place.prepend(faultNotice(error));
    }
  }

  render() {
    this.verdict = element("p", { class: "verdict", role: "status", tabindex: "-1" });
    this.steps = element("ol", { class: "steps" });
    this.way = element("div", { class: "way" });
    this.kept = element("input", {
      class: "mono",
      spellcheck: "false",
      autocomplete: "off",
      placeholder: "base64 or hexadecimal digits",
      oninput: () => this.soon(),
    });
    this.place.replaceChildren(
      element("h3", {}, "Proof"),
      this.verdict,
      this.steps,
      element("label", {}, "A digest that you kept ", this.kept),
      this.alteration(),
      this.way,
      this.saving(),
    );
  }

  alteration() {
    const ion = this.proof.revision?.ion ?? "";
    this.ion = element("textarea", {
      class: "mono",
      rows: "6",
      spellcheck: "false",
      oninput: () => this.soon(),
    });
    this.ion.value = ion;
    const restore = () => {
      this.ion.value = ion;
      this.recheck();
    };
    return element(
      "details",
      { class: "alter" },
      element("summary", {}, "Alter the revision, and see the check fail"),
      element("label", {}, "The revision as Ion text: what is hashed", this.ion),
      element("button", { type: "button", onclick: restore }, "Put it back"),
    );
  }

  saving() {
    const { adId, version } = this.shown;
    const name = `proof-${adId}-${version}.json`;
    const save = () => {
      const text = JSON.stringify(this.proof, (_, value) => value, 2);
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      element("a", { href: url, download: name }).click();
      URL.revokeObjectURL(url);
    };
    return element(
      "p",
      { class: "hint" },
      element("button", { type: "button", onclick: save }, "Save the proof"),
      " and check it with no page at all: ",
      element("code", {}, `adledger verify proof ${name}`),
    );
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.recheck(), TYPING_MS);
  }

  /** Check what stands there now, and say so. */
  async recheck() {
    const altered = { ...this.proof, revision: { ...this.proof.revision, ion: this.ion.value } };
    const turn = (this.turn = Symbol("check"));
    const result = await check(altered, this.shown, this.kept.value);
    if (turn !== this.turn) return;
    const state = result.isProven ? "holds" : "fails";
    const says = result.isProven
      ? `Version ${this.shown.version} is what the ledger holds under this digest.`
      : "This does not verify.";
    this.verdict.className = `verdict ${state}`;
    this.verdict.replaceChildren(mark(state), says);
    this.steps.replaceChildren(...result.steps.map(stepItem));
    this.way.replaceChildren(...wayOf(result.way));
  }
}

function stepItem({ name, state, says, code }) {
  return element(
    "li",
    { class: state },
    mark(state),
    element(
      "div",
      {},
      element("strong", {}, name),
      element("span", { class: "state" }, ` ${STATES[state]}`),
      element("p", {}, says, code ? element("code", {}, code) : null),
    ),
  );
}

/** The hashes from the revision up to the digest, each with a colour of its own. */
function wayOf(way) {
  if (!way.length) return [];
  const last = way.length - 1;
  const names = { 0: "revision", [last]: "digest" };
  const rows = way.map((hash, at) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--hue", String(Math.round(((hash[0] * 256 + hash[1]) / 65536) * 360)));
    const text = hex(hash);
    const label = element("span", { class: "hint" }, names[at] ?? "");
    return element("li", {}, swatch, element("code", { title: text }, short(text, 24)), label);
  });
  return [
    element("h4", {}, "From the revision up to the digest"),
    element("ol", { class: "ladder" }, rows),
  ];
}
