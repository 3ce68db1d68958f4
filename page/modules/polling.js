/** Asks again and again, as long as somebody looks. */

const FAULT_FACTOR = 2;
const PAUSE_MS_MAX = 30_000;

export class Polling {
  /** `ask` gives a promise of the pause in ms until the next time; it may fail, and is then slowed. */
  constructor(ask, pauseMs) {
    this.ask = ask;
    this.pauseMs = pauseMs;
    this.faults = 0;
    this.isOn = false;
    document.addEventListener("visibilitychange", () => this.isOn && this.now());
  }

  start() {
    if (this.isOn) return;
    this.isOn = true;
    this.now();
  }

  stop() {
    this.isOn = false;
    clearTimeout(this.timer);
  }

  /** Ask at once; what is under way is left to end first. */
  async now() {
    clearTimeout(this.timer);
    if (!this.isOn || document.hidden) return;
    if (this.isAsking) {
      this.isAgain = true;
      return;
    }
    this.isAsking = true;
    const pause = await this.once();
    this.isAsking = false;
    if (!this.isOn) return;
    this.timer = setTimeout(() => this.now(), this.isAgain ? 0 : pause);
    this.isAgain = false;
  }

  async once() {
    try {
      const pause = await this.ask();
      this.faults = 0;
      return pause ?? this.pauseMs;
    } catch {
      this.faults += 1;
      return Math.min(this.pauseMs * FAULT_FACTOR ** this.faults, PAUSE_MS_MAX);
    }
  }
}
