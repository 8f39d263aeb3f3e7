// Pieces of pages. Everything is made by createElement and textContent: nothing that comes from outside is ever read as
// markup.

/** @typedef {Node|string|null|undefined|false} Child */
/** @typedef {Record<string, string|number|boolean|null|undefined|((event: any) => void)>} Props */

/**
 * An element. A property that is a function listens to the event of that name; true is an attribute without a value;
 * false, null and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props|null} [props]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props, ...children) {
  const element = document.createElement(tag);
  dress(element, props ?? {});
  element.append(...shown(children));
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Props} props
 * @param {Child[]} children
 */
export function svg(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(element, props);
  element.append(...shown(children));
  return element;
}

/** @param {Element} element @param {Props} props */
function dress(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

/** @param {Child[]} children @returns {(Node|string)[]} */
function shown(children) {
  return /** @type {(Node|string)[]} */ (
    children.filter((child) => child !== null && child !== undefined && child !== false)
  );
}

/** @param {string} text @param {string} [look] */
export const p = (text, look) => el("p", { class: look }, text);

/**
 * @param {string} text
 * @param {() => unknown} press
 * @param {"primary"|"secondary"|"danger"|"small"|"link"} [look]
 */
export const button = (text, press, look = "secondary") =>
  el("button", { type: "button", class: look, click: () => press() }, text);

/** @param {Child[]} children */
export const actions = (...children) => el("div", { class: "actions" }, ...children);

/** @param {string} text @param {string} href @param {string} [look] */
export const link = (text, href, look) => el("a", { href, class: look, rel: "noreferrer" }, text);

/** @param {[string, Child][]} rows @param {string} [look] */
export function facts(rows, look = "facts") {
  const told = rows.filter(([, value]) => value);
  return el(
    "dl",
    { class: look },
    ...told.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, el("bdi", null, value)))),
  );
}

/**
 * Something that has to be known before all else.
 * @param {{title: string, text?: Child|Child[], error?: boolean, actions?: Child[]}} what
 */
export function notice({ title, text, error, actions: ways }) {
  const told = (Array.isArray(text) ? text : [text]).filter(Boolean);
  const words = told.map((each) => (typeof each === "string" ? p(each) : each));
  return el(
    "div",
    { class: error ? "notice error" : "notice", role: error ? "alert" : null, tabindex: -1 },
    p(title, "notice-title"),
    ...words,
    ways && ways.length > 0 && actions(...ways),
  );
}

/** A host's name, which may be broken behind a dot. @param {string} host */
export const host = (host) => el("span", { dir: "ltr" }, ...host.split(/(?<=\.)/).flatMap((part) => [part, el("wbr")]));

let fields = 0;

/**
 * @typedef {Object} Field
 * @property {HTMLElement} node
 * @property {HTMLInputElement} input
 * @property {(message: string) => void} fail tells what is wrong with it, and moves the focus there
 * @property {() => void} clear
 */

/**
 * A labelled field, with a place for what is wrong with it.
 * @param {{label: string, hint?: string, look?: string, type?: "text"|"password", beside?: (input: HTMLInputElement) =>
 * Child,   attributes?: Props}} what
 * @returns {Field}
 */
export function field({ label, hint, look, type = "text", beside, attributes }) {
  const id = `field-${(fields += 1)}`;
  const error = el("p", { class: "field-error", id: `${id}-error` });
  const told = hint ? p(hint, "hint") : null;
  if (told) told.id = `${id}-hint`;
  const described = [`${id}-error`, told?.id].filter(Boolean).join(" ");
  const input = el("input", {
    id,
    type,
    class: look,
    "aria-describedby": described,
    autocomplete: "off",
    spellcheck: "false",
    ...attributes,
  });
  const besides = beside?.(input);
  const box = besides ? el("div", { class: "with-button" }, input, besides) : input;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), told, error, box);
  const clear = () => {
    error.textContent = "";
    input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", clear);
  /** @param {string} message */
  const fail = (message) => {
    error.textContent = message;
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  return { node, input, fail, clear };
}

/**
 * A form whose sending runs to its end before it can be sent again.
 * @param {() => unknown} send
 * @param {Child[]} children
 */
export function form(send, ...children) {
  let sending = false;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    made.setAttribute("aria-busy", "true");
    try {
      await send();
    } finally {
      sending = false;
      made.removeAttribute("aria-busy");
    }
  };
  const made = el("form", { submit, novalidate: true, autocomplete: "off" }, ...children);
  return made;
}

/** @param {string} text @param {"primary"|"secondary"|"danger"} [look] */
export const submit = (text, look = "primary") => el("button", { type: "submit", class: look }, text);

/** @param {string} digits @returns {HTMLSpanElement[]} */
export function grouped(digits) {
  const half = Math.ceil(digits.length / 2);
  const parts = digits.length > 4 ? [digits.slice(0, half), digits.slice(half)] : [digits];
  return parts.map((part) => el("span", null, part));
}
