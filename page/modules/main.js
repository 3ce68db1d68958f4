/** Starts the page: config, views, and which of them the address shows. */

import { AdsView } from "./ads.js";
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { readConfig } from "./config.js";
import { faultNotice } from "./elements.js";
import { Keys, keysPanel } from "./keys.js";
import { LagView } from "./lag.js";
import { ReplaysView } from "./replays.js";

const FIRST = "ads";

function begin(config) {
  const keys = new Keys(config.keys);
  const api = new Api(config, keys);
  const announcer = new Announcer(document.getElementById("announcer"));
  const section = (name) => document.getElementById(`view-${name}`);
  const views = {
    ads: new AdsView(section("ads"), api, announcer, goTo),
    replays: new ReplaysView(section("replays"), api, keys, announcer),
    lag: new LagView(section("lag"), api, keys, announcer),
  };
  for (const place of document.querySelectorAll(".keys-place")) place.append(keysPanel(keys));
  document.getElementById("place").textContent = config.place;
  window.addEventListener("hashchange", () => route(views));
  route(views);
}

/** The view and its parameters that the address names: #/ads?publisher=42. */
function addressed() {
  const [name, query = ""] = location.hash.replace(/^#\//, "").split("?");
  return { name, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

function goTo(name, parameters) {
  location.hash = `#/${name}?${new URLSearchParams(parameters)}`;
}

let shown = null;

function route(views) {
  const { name, parameters } = addressed();
  const chosen = Object.hasOwn(views, name) ? name : FIRST;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === chosen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (shown !== chosen) turnTo(views, chosen);
  views[chosen].show(parameters);
}

/** Another view: the one before rests, and the reader begins at the title of the new one. */
function turnTo(views, chosen) {
  for (const each of Object.keys(views)) {
    document.getElementById(`view-${each}`).hidden = each !== chosen;
  }
  const title = document.getElementById(`${chosen}-title`);
  document.title = `${title.textContent} – adledger`;
  if (shown !== null) {
    views[shown].stop();
    title.focus();
  }
  shown = chosen;
}

try {
  begin(await readConfig());
} catch (error) {
  document.getElementById("fault").replaceChildren(faultNotice(error));
}
