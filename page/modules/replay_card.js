/** One replay: what it does, how far it is, and what can be done about it. */

import { element, faultNotice } from "./elements.js";
import { count, counted, moment, short, span, TARGETS } from "./wording.js";

const STATUSES = {
  PENDING: "waiting", RUNNING: "running", FINISHING: "finishing",
  SUCCEEDED: "succeeded", FAILED: "failed", CANCELLED: "cancelled",
};
const ENDED = new Set(["SUCCEEDED", "FAILED", "CANCELLED"]);
const FAULTS_SHOWN_MAX = 5;

/** Whether something of the replay is still being done. */
export function isUnderWay(replay) {
  return !ENDED.has(replay.status);
}

export class ReplayCard {
  /** `act` is called with "cancel" or "resume". */
  constructor(act) {
    this.title = element("h3");
    this.status = element("span", { class: "status" });
    this.bar = element("progress", { max: "100", value: "0" });
    this.percent = element("span", { class: "percent", "aria-hidden": "true" });
    this.counts = element("p", { class: "counts" });
    this.faults = element("ul", { class: "faults" });
    this.told = element("div");
    this.cancel = element("button", { type: "button", onclick: () => act("cancel") }, "Cancel");
    this.resume = element("button", { type: "button", onclick: () => act("resume") }, "Resume");
    this.about = element("p", { class: "hint" });
    this.item = element(
      "li",
      { class: "panel replay" },
      element("header", {}, this.title, this.status),
      element("div", { class: "progress" }, this.bar, this.percent),
      this.counts,
      this.faults,
      this.told,
      element("footer", {}, this.about, this.cancel, this.resume),
    );
  }

  /** Show the replay as it is now. */
  update(replay) {
    this.replay = replay;
    const percent = Number(String(replay.percent));
    this.name = `${TARGETS[replay.target]}, ${replay.scope === "all" ? "all ads" : "one ad"}`;
    this.title.textContent = this.name;
    this.status.textContent = STATUSES[replay.status] ?? replay.status.toLowerCase();
    this.status.className = `status ${replay.status.toLowerCase()}`;
    this.bar.value = percent;
    this.bar.setAttribute("aria-label", `${this.name}: progress`);
    this.percent.textContent = `${percent.toFixed(percent < 100 ? 1 : 0)} %`;
    this.counts.replaceChildren(...countsOf(replay));
    this.faults.replaceChildren(...faultsOf(replay));
    this.faults.hidden = !replay.faults.length;
    this.about.replaceChildren(...aboutOf(replay));
    this.cancel.hidden = !isUnderWay(replay);
    this.resume.hidden = replay.status !== "FAILED";
    for (const button of [this.cancel, this.resume]) {
      button.setAttribute("aria-label", `${button.textContent} replay ${replay.replayId}`);
    }
  }

  /** What came of an action: an error, or null. */
  tell(error) {
    this.told.replaceChildren(...(error ? [faultNotice(error)] : []));
  }
}

function countsOf({ counts, blocksPerS, remainingS, ...replay }) {
  const total = counts.blocks.total;
  const blocks = total ? `${count(counts.blocks.done)} of ${counted(total, "block")}` : "not planned yet";
  const rate = Number(String(blocksPerS)) > 0 ? `${count(blocksPerS)} blocks/s` : null;
  const isTimed = isUnderWay(replay) && remainingS !== null;
  const rest = isTimed ? `${span(remainingS)} to go` : null;
  const parts = [blocks, `${counted(counts.ads, "ad")} brought level`, `${count(counts.written)} written`, rate, rest];
  return parts.filter(Boolean).map((part) => element("span", {}, part));
}

function faultsOf({ faults }) {
  const shown = faults.slice(0, FAULTS_SHOWN_MAX).map((text) => element("li", {}, text));
  const more = faults.length - shown.length;
  return more > 0 ? [...shown, element("li", {}, `and ${count(more)} more`)] : shown;
}

function aboutOf(replay) {
  const parts = [element("code", {}, replay.replayId), ` · ${moment(replay.createdAt)}`];
  if (replay.adId) parts.push(" · ad ", element("code", { title: replay.adId }, short(replay.adId)));
  if (replay.until) parts.push(` · as of ${moment(replay.until)}`);
  if (replay.attempt > 1) parts.push(` · attempt ${replay.attempt}`);
  return parts;
}
