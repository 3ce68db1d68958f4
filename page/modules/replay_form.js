/** The form that starts a replay. */

import { element, faultNotice } from "./elements.js";

const CHOICES = [
  ["replayTable", "Replay table", "Touches nothing live. Can show how everything was."],
  ["state", "State table", "Live. Brings missing and older items level."],
  ["search", "Search index", "Live. Made anew beside the old one, then swapped in."],
];

/** `begin` gives a promise of the started replay, by a request and an idempotency key. */
export function replayForm(begin) {
  const told = element("div");
  const button = element("button", { class: "primary" }, "Start");
  const form = element(
    "form",
    { class: "panel new-replay", "aria-label": "New replay" },
    element("h2", {}, "New replay"),
    targets(),
    element(
      "label",
      {},
      "One ad ",
      element("span", { class: "hint" }, "all without it"),
      element("input", { name: "ad", class: "mono", maxlength: "22", spellcheck: "false" }),
    ),
    element(
      "label",
      {},
      "As of ",
      element("span", { class: "hint" }, "replay table alone; now without it"),
      element("input", { name: "until", type: "datetime-local", step: "1" }),
    ),
    button,
    told,
  );
  keepPastApart(form);
  form.addEventListener("submit", submission(form, button, told, begin));
  return form;
}

function targets() {
  const choices = CHOICES.map(([value, name, says], at) =>
    element(
      "label",
      { class: "choice" },
      element("input", { type: "radio", name: "target", value, checked: at === 0 }),
      element("span", {}, element("strong", {}, name), element("span", { class: "hint" }, says)),
    ),
  );
  return element("fieldset", {}, element("legend", {}, "Target"), choices);
}

/** A live target never goes back. */
function keepPastApart(form) {
  form.addEventListener("change", () => {
    form.until.disabled = form.target.value !== "replayTable";
  });
}

/** A request that was not answered keeps its key: sent again, it is the same replay. */
function submission(form, button, told, begin) {
  let last = { body: null, key: null };
  return async (event) => {
    event.preventDefault();
    const request = requestOf(form);
    const body = JSON.stringify(request);
    if (last.body !== body) last = { body, key: crypto.randomUUID() };
    button.disabled = true;
    try {
      await begin(request, last.key);
      last = { body: null, key: null };
      told.replaceChildren();
    } catch (error) {
      if (error.status) last = { body: null, key: null };
      told.replaceChildren(faultNotice(error));
    } finally {
      button.disabled = false;
    }
  };
}

function requestOf(form) {
  const request = { target: form.target.value };
  if (form.ad.value.trim()) request.adId = form.ad.value.trim();
  if (form.until.value && !form.until.disabled) {
    request.until = new Date(form.until.value).toISOString();
  }
  return request;
}
