/** Times, amounts and names as people read them. */

export const FIELDS = {
  adTitle: "Title",
  adDescription: "Description",
  price: "Price",
  currency: "Currency",
  category: "Category",
  tags: "Tags",
  publisherId: "Publisher",
  createdAt: "Created",
};
export const TARGETS = {
  replayTable: "Replay table",
  state: "State table",
  search: "Search index",
};

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const NUMBER = new Intl.NumberFormat(undefined);
const MINUTE_S = 60;
const HOUR_S = 3600;

/** A moment in the reader's time zone, from ISO 8601. */
export function moment(text) {
  return MOMENT.format(new Date(text));
}

export function count(number) {
  return NUMBER.format(Number(String(number)));
}

/** "1 block", "2 blocks". */
export function counted(number, noun) {
  return `${count(number)} ${noun}${Number(String(number)) === 1 ? "" : "s"}`;
}

/** A span of time, such as "4.2 s" or "3 min". */
export function span(seconds) {
  const length = Number(String(seconds));
  if (length < 10) return `${length.toFixed(1)} s`;
  if (length < 2 * MINUTE_S) return `${Math.round(length)} s`;
  if (length < 2 * HOUR_S) return `${Math.round(length / MINUTE_S)} min`;
  return `${Math.round(length / HOUR_S)} h`;
}

/** A hash or an id, short enough for a line. */
export function short(text, length = 10) {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** A price with its currency, all of its digits as they are. */
export function amount(price, currency) {
  return currency.length === 1 ? `${currency}\u2009${price}` : `${price}\u2009${currency}`;
}
