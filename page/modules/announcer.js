/** Tells readers of screens what has changed, in one place, and not more often than can be heard. */

const QUARTERS = 4;

export class Announcer {
  constructor(place) {
    this.place = place;
    this.told = new Map();
  }

  say(text) {
    this.place.textContent = text;
  }

  /** Progress of one thing: told at its start, at every quarter, and when its status changes. */
  progress(id, name, status, percent) {
    const step = `${status} ${Math.floor((percent / 100) * QUARTERS)}`;
    const before = this.told.get(id);
    this.told.set(id, step);
    if (before === undefined || before === step) return;
    this.say(`${name}: ${status.toLowerCase()}, ${Math.round(percent)} percent`);
  }
}
