/** Calls of the publishers' and of the operators' API. */

import { parse } from "./exact_json.js";
import { signed } from "./signature.js";

/** A little longer than an API waits for its worker. */
const TIMEOUT_MS = 35_000;
const SERVICE = "execute-api";

/** A call that was refused or not answered; the message says why, in words for people. */
export class CallError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.name = "CallError";
    this.status = status;
  }
}

/** What the page asks for. Every method gives a promise; CallError. */
export class Api {
  /** `config` as config.json has it; `keys` is what signs calls of operators: get() or null. */
  constructor(config, keys) {
    this.config = config;
    this.keys = keys;
  }

  ads(publisherId, cursor) {
    return this.publisher(["publisher", publisherId, "ad"], { limit: 50, cursor });
  }

  /** A page of an ad's versions, the newest first. */
  history(publisherId, adId, cursor) {
    const query = { versions: true, diff: true, order: "newest", limit: 100, cursor };
    return this.publisher(["publisher", publisherId, "ad", adId], query);
  }

  at(publisherId, adId, time) {
    return this.publisher(["publisher", publisherId, "ad", adId], { at: time });
  }

  proof(publisherId, adId, version) {
    const path = ["publisher", publisherId, "ad", adId, "versions", String(version), "proof"];
    return this.publisher(path, {});
  }

  replays() {
    return this.operations("GET", ["replays"], { limit: 20 });
  }

  replay(replayId) {
    return this.operations("GET", ["replays", replayId]);
  }

  startReplay(request, key) {
    const more = { body: JSON.stringify(request), headers: { "idempotency-key": key } };
    return this.operations("POST", ["replays"], {}, more);
  }

  cancelReplay(replayId) {
    return this.operations("POST", ["replays", replayId, "cancel"]);
  }

  resumeReplay(replayId) {
    return this.operations("POST", ["replays", replayId, "resume"]);
  }

  lag() {
    return this.operations("GET", ["lag"]);
  }

  publisher(path, query) {
    return call(addressOf(this.config.publisherApi, path, query), { method: "GET", headers: {} });
  }

  async operations(method, path, query = {}, { body = "", headers = {} } = {}) {
    const keys = this.keys.get();
    if (!keys) throw new CallError("Operators' calls are signed: give keys first.");
    const url = addressOf(this.config.operationsApi, path, query);
    const typed = body ? { "content-type": "application/json", ...headers } : headers;
    const place = { region: this.config.region, service: SERVICE, now: new Date() };
    const sent = await signed({ method, url, headers: typed, body, keys, ...place });
    return call(url, { method, headers: sent, body: body || undefined });
  }
}

function addressOf(endpoint, path, query) {
  const url = new URL(`${endpoint}/${path.map(encodeURIComponent).join("/")}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, value);
  }
  return url;
}

async function call(url, request) {
  let answer;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    answer = await fetch(url, { ...request, signal, credentials: "omit", cache: "no-store" });
  } catch (error) {
    const isLate = error.name === "TimeoutError";
    const why = isLate ? ` within ${TIMEOUT_MS / 1000} s` : ", or does not let this page's origin in";
    throw new CallError(`${url.origin} does not answer${why}.`);
  }
  const body = parsed(await answer.text());
  if (!answer.ok) throw new CallError(reason(answer.status, body), answer.status);
  return body;
}

function parsed(text) {
  try {
    return text ? parse(text) : null;
  } catch {
    return null;
  }
}

/** The words of a problem, every fault named; API Gateway's own refusals have a message. */
function reason(status, body) {
  const faults = (body?.faults ?? []).map(({ field, message }) => `${field} ${message}`);
  const detail = body?.detail ?? body?.title ?? body?.message ?? "";
  const told = [detail, faults.join("; ")].filter(Boolean).join(" ");
  return told ? `${told} (${status})` : `The answer was ${status}.`;
}
