/** Elements made by name. Text is only ever set as text: nothing that is shown can be markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners ("onclick": function) and children.
 *
 * Attributes that are null or false are left out; children may be nested arrays, texts or null.
 */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for a part of a drawing. */
export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** What a call that failed leaves to be read. */
export function faultNotice(error) {
  return element("p", { class: "notice fails", role: "alert" }, mark("fails"), error.message);
}

/** A sign for a state, which is told in words beside it. */
export function mark(state) {
  const signs = { holds: "✓", fails: "✕", unchecked: "–" };
  return element("span", { class: `mark ${state}`, "aria-hidden": "true" }, signs[state]);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}
