/** A page for tests, with as much of a browser as screens need: elements that can be read, filled in and pressed. */

import { App } from "../app.js";

class FakeNode extends EventTarget {
  children = [];
  attributes = new Map();
  value = "";
  dataset = {};

  constructor(tag) {
    super();
    this.tag = tag;
    this.classList = { add: () => {} };
  }

  append(...nodes) {
    this.children.push(...nodes);
  }

  replaceChildren(...nodes) {
    this.children = nodes;
  }

  hasChildNodes() {
    return this.children.length > 0;
  }

  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  focus() {}

  set textContent(text) {
    this.children = text === "" ? [] : [text];
  }

  get textContent() {
    return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }

  /** This and all below it. */
  *all() {
    yield this;
    for (const child of this.children) if (child instanceof FakeNode) yield* child.all();
  }
}

/** A browser with an empty page; what is global of it is set. */
function openBrowser() {
  const places = new Map(["main", "tools", "foot", "banner", "status"].map((id) => [id, new FakeNode("div")]));
  const document = new EventTarget();
  Object.assign(document, {
    hidden: false,
    documentElement: {},
    createElement: (tag) => new FakeNode(tag),
    createElementNS: (_, tag) => new FakeNode(tag),
    getElementById: (id) => places.get(id) ?? null,
  });
  const window = new EventTarget();
  // Newer versions of Node have one that cannot be written over.
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  Object.assign(globalThis, {
    document,
    Node: FakeNode,
    history: { pushState() {}, replaceState() {} },
    addEventListener: window.addEventListener.bind(window),
    scrollTo() {},
  });
  return places;
}

const WORDS = {
  language: { tag: "en", dir: "ltr" },
  t: (key) => key,
  has: () => true,
  clock: () => "",
  moment: () => "",
};

/** The app on a device of the tests, and what somebody does with it. Texts are their keys. */
export class Page {
  constructor({ store, caller }, views) {
    this.places = openBrowser();
    const install = { addEventListener() {} };
    this.app = new App({ words: WORDS, store, caller, install, views, speak: async () => WORDS });
  }

  get main() {
    return this.places.get("main");
  }

  get title() {
    return [...this.main.all()].find((node) => node.attributes.get("id") === "heading").textContent;
  }

  says(text) {
    return this.main.textContent.includes(text);
  }

  /** Whether the banner asks for an answer to a request. */
  get asks() {
    return this.places.get("banner").hasChildNodes();
  }

  /** Presses a button and waits until what it began has settled. */
  async press(text) {
    const button = [...this.main.all()].find((node) => node.tag === "button" && node.textContent === text);
    if (!button) throw new Error(`no ${text} among ${this.main.textContent}`);
    const form = [...this.main.all()].find((node) => node.tag === "form" && [...node.all()].includes(button));
    if (button.attributes.get("type") === "submit") form.dispatchEvent(new Event("submit"));
    else button.dispatchEvent(new Event("click"));
    await settled(() => !form?.attributes.has("aria-busy"));
  }

  type(look, text) {
    const field = [...this.main.all()].find((node) => node.tag === "input" && node.attributes.get("class") === look);
    field.value = text;
  }

  /** The screen goes off, and on again. */
  async lookAway() {
    for (const hidden of [true, false]) {
      document.hidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
      await settled(() => true);
    }
  }
}

/** Waits until that is so, and a little longer for what hangs on it. */
async function settled(so) {
  for (let turn = 0; turn < 200; turn += 1) {
    await new Promise((wake) => setTimeout(wake, 5));
    if (so() && turn > 4) return;
  }
  throw new Error("it does not come to an end");
}
