// What the screens share: which one is shown, how one leads to the next, what the app knows at the moment.

import { here } from "./core/index.js";
import { button, el, notice, svg } from "./ui.js";
import { LANGUAGES } from "./words.js";

/** @typedef {import("./core/types.js").Account} Account */
/** @typedef {import("./core/types.js").Claim} Claim */
/** @typedef {import("./core/types.js").PushRequest} PushRequest */
/** @typedef {import("./core/types.js").Store} Store */
/** @typedef {import("./core/index.js").Caller} Caller */
/** @typedef {import("./core/index.js").Activation} Activation */
/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./install.js").Install} Install */

/**
 * A screen, ready to be shown.
 * @typedef {Object} Screen
 * @property {string} title the heading; it gets the focus
 * @property {Node[]} body
 * @property {Node|null} [above] what stands before the heading
 * @property {(() => void)|null} [back]
 * @property {((next: string) => void)|null} [leave] called when another screen takes its place, or the same made anew
 * @property {(() => void)|null} [hide] called when nobody sees the app any more
 * @property {boolean} [alone] nothing leads away from it but itself: no settings, no banner
 * @property {HTMLElement|null} [focus] instead of the heading
 */

/** @typedef {Record<string, any>} Params Plain values only: they are kept in the browser's history. */
/** @typedef {(app: App, params: Params) => Screen|Promise<Screen>} View */
/** @typedef {{replace?: boolean}} Way */

/**
 * What was chosen on the way through an activation; in memory only.
 * @typedef {Object} Setup
 * @property {boolean|null} pushWanted
 * @property {import("./core/types.js").SubscriptionKeys|null} subscription
 * @property {string|null} pin
 * @property {import("./core/types.js").BioRegistration|null} bio
 * @property {boolean} bioAsked
 */

/** @returns {Setup} */
export const freshSetup = () => ({ pushWanted: null, subscription: null, pin: null, bio: null, bioAsked: false });

export class App {
  /** @type {Account[]} */
  accounts = [];
  /** @type {Activation|null} */
  activation = null;
  setup = freshSetup();
  /** What an activation begins with, and whether the gateway was shown it.
   * @type {{claim: Claim, start: boolean, shown: boolean}|null} */
  claim = null;
  /** A fingerprint or a face can be used here. */
  biometric = false;
  /** Requests that wait, by account. @type {Map<string, PushRequest[]>} */
  requests = new Map();
  /** Requests that this device has answered, or was told are over. @type {Set<string>} */
  answered = new Set();
  /** What this browser once had and has no more. @type {import("./core/types.js").Known[]} */
  lost = [];
  /** @type {ServiceWorkerRegistration|null} */
  registration = null;
  /** What the screen of a problem says. @type {import("./problems.js").Problem|null} */
  problem = null;
  /** What the screen of something that was done says.
   * @type {{title: string, text: string, next: [string, Params], plain?: boolean}|null} */
  message = null;

  /** @type {Screen|null} */
  #screen = null;
  /** @type {{name: string, params: Params}} */
  #at = { name: "home", params: {} };
  #shown = 0;

  /**
   * @param {{words: Words, store: Store, caller: Caller, install: Install, views: Record<string, View>,
   *   speak: (tag: string) => Promise<Words>}} parts
   */
  constructor({ words, store, caller, install, views, speak }) {
    this.words = words;
    this.store = store;
    this.caller = caller;
    this.install = install;
    this.views = views;
    this.speak = speak;
    addEventListener("popstate", (event) => this.#show(event.state?.name ?? "home", event.state?.params ?? {}));
    document.addEventListener("visibilitychange", () => document.hidden && this.#screen?.hide?.());
    addEventListener("pagehide", () => this.#screen?.hide?.());
  }

  /** @param {string} key @param {Record<string, string|number>} [values] */
  t(key, values) {
    return this.words.t(key, values);
  }

  /**
   * Another screen.
   * @param {string} name
   * @param {Params} [params]
   * @param {Way} [way]
   */
  async go(name, params = {}, { replace = false } = {}) {
    const state = { name, params };
    if (replace) history.replaceState(state, "", "/a/");
    else history.pushState(state, "", "/a/");
    await this.#show(name, params);
  }

  /** The next step of a path that cannot be gone backwards. @param {string} name @param {Params} [params] */
  step(name, params = {}) {
    return this.go(name, params, { replace: true });
  }

  /** The same screen, made anew. */
  again() {
    return this.#show(this.#at.name, this.#at.params);
  }

  /** Where we are. */
  get at() {
    return this.#at;
  }

  async loadAccounts() {
    this.accounts = await this.store.accounts();
    return this.accounts;
  }

  /** @param {string} id */
  account(id) {
    return this.accounts.find((account) => account.id === id);
  }

  /** Asks what this browser once had, where it has nothing now. */
  async lookForLost() {
    if (this.accounts.length > 0) return;
    this.lost = await here(this.caller).catch(() => []);
  }

  /** Something for screen readers only. @param {string} text */
  say(text) {
    const status = need("status");
    status.textContent = "";
    setTimeout(() => (status.textContent = text), 50); // the same words twice are to be read twice
  }

  /** The oldest request that waits for an answer. @returns {{account: Account, request: PushRequest}|null} */
  get waiting() {
    const now = Date.now() / 1000;
    for (const account of this.accounts) {
      for (const request of this.requests.get(account.id) ?? []) {
        const over = request.expires <= now + account.clockOffset;
        if (!over && !this.answered.has(request.id)) return { account, request };
      }
    }
    return null;
  }

  /** A request has come or gone. */
  requestsChanged() {
    this.#banner();
  }

  /** @param {string} name @param {Params} params */
  async #show(name, params) {
    const turn = (this.#shown += 1);
    const view = this.views[name] ?? this.views.home;
    const screen = await view(this, params);
    if (turn !== this.#shown) return screen.leave?.(this.#at.name); // somebody went on meanwhile
    this.#screen?.leave?.(name);
    this.#screen = screen;
    this.#at = { name, params };
    this.#draw(screen);
  }

  /** @param {Screen} screen */
  #draw(screen) {
    const { language } = this.words;
    document.documentElement.lang = language.tag;
    document.documentElement.dir = language.dir;
    document.title = `${screen.title} - ${this.t("app-name")}`;
    const heading = el("h1", { id: "heading", tabindex: -1 }, screen.title);
    const back = screen.back
      ? el("button", { type: "button", class: "back", click: screen.back }, this.t("back"))
      : null;
    need("main").replaceChildren(
      ...[back, screen.above, heading].filter((node) => node instanceof Node),
      ...screen.body,
    );
    need("tools").replaceChildren(...(screen.alone ? [] : [this.#settings()]));
    need("foot").replaceChildren(this.#languages());
    this.#banner();
    scrollTo(0, 0);
    (screen.focus ?? heading).focus({ preventScroll: true });
  }

  #settings() {
    const lines = svg("path", { d: "M3 6h9m6 0h3M3 12h3m6 0h9M3 18h11m6 0h1" });
    const knobs = [
      [15, 6],
      [9, 12],
      [17, 18],
    ].map(([cx, cy]) => svg("circle", { cx, cy, r: 2.5 }));
    const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, lines, ...knobs);
    const open = () => this.go("settings");
    return el(
      "button",
      { type: "button", class: "small settings", click: open },
      icon,
      el("span", null, this.t("settings")),
    );
  }

  #languages() {
    const options = LANGUAGES.map(({ tag, name }) =>
      el("option", { value: tag, lang: tag, selected: tag === this.words.language.tag }, name),
    );
    const change = async (/** @type {Event} */ event) => {
      const select = /** @type {HTMLSelectElement} */ (event.target);
      this.words = await this.speak(select.value);
      await this.again();
      document.getElementById("language")?.focus();
    };
    const select = el("select", { id: "language", change }, ...options);
    return el("div", { class: "language" }, el("label", { for: "language" }, this.t("language")), select);
  }

  #banner() {
    const place = need("banner");
    const waiting = this.#screen?.alone ? null : this.waiting;
    if (!waiting) return place.replaceChildren();
    const { account, request } = waiting;
    if (place.dataset.request === request.id && place.hasChildNodes()) return undefined;
    place.dataset.request = request.id;
    const look = () => this.go("request", { account: account.id, request: request.id });
    const title = this.t(request.purpose === "help_desk" ? "banner-help-desk" : "banner-sign-in");
    const text = `${account.issuer}, ${account.account}`;
    return place.replaceChildren(notice({ title, text, actions: [button(this.t("banner-look"), look, "primary")] }));
  }
}

/** @param {string} id @returns {HTMLElement} */
function need(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}
