// Putting the app on the home screen, the desktop or the dock: what this browser can do, and how it is done.

import { actions, button, el, p } from "./ui.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Device} Device */
/** @typedef {Event & {prompt: () => Promise<unknown>}} Offer */

export class Install {
  /** @type {Offer|null} */
  #offer = null;
  #changed = () => {};

  constructor() {
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault(); // our own button says what it is for
      this.#offer = /** @type {Offer} */ (event);
      this.#changed();
    });
    addEventListener("appinstalled", () => {
      this.#offer = null;
      this.#changed();
    });
  }

  /** @param {() => void} changed */
  onChange(changed) {
    this.#changed = changed;
  }

  /** The browser asks by itself when we say so. */
  get offered() {
    return this.#offer !== null;
  }

  async ask() {
    const offer = this.#offer;
    this.#offer = null;
    await offer?.prompt();
    this.#changed();
  }
}

/** @param {Device} device */
export const needsInstalling = (device) => device.os === "ios" && !device.installed;

/**
 * How this device gets the app, as a part of a screen; null where it has it.
 * @param {App} app @param {Device} device
 */
export function installPart(app, device) {
  if (device.installed) return null;
  const place = el("section", { class: "aside" });
  const draw = () => place.replaceChildren(el("h2", null, app.t("install-title")), ...ways(app, device));
  app.install.onChange(() => place.isConnected && draw());
  draw();
  return place;
}

/** @param {App} app @param {Device} device @returns {Node[]} */
function ways(app, device) {
  if (app.install.offered) {
    const ask = button(app.t("install-button"), () => app.install.ask(), "small");
    return [p(app.t("install-why")), actions(ask)];
  }
  if (device.os === "ios") return [p(app.t("install-why")), iosSteps(app)];
  if (device.os === "android") return [p(app.t("install-why")), p(app.t("install-android"))];
  return [p(app.t("install-bookmark"))];
}

/** @param {App} app */
export const iosSteps = (app) =>
  el(
    "ol",
    { class: "steps" },
    ...["install-ios-1", "install-ios-2", "install-ios-3"].map((key) => el("li", null, app.t(key))),
  );
