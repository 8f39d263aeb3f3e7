// The app itself: language, storage, installation.

import { thisDevice } from "../activation.js";
import { installPart } from "../install.js";
import { button, el } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Promise<Screen>} */
export async function settings(app) {
  const device = await thisDevice();
  const install = installPart(app, device);
  const items = [await storage(app), row(app, "device-label", device.name), await notifications(app)];
  return {
    title: app.t("settings"),
    body: [el("ul", { class: "menu" }, ...items), ...(install ? [install] : [])],
    back: () => app.go("home"),
  };
}

/** @param {App} app @param {string} label @param {string} text @param {Node} [way] */
const row = (app, label, text, way) =>
  el(
    "li",
    { class: "row" },
    el("p", { class: "words" }, el("strong", null, app.t(label)), el("span", { class: "hint" }, text)),
    way,
  );

/** Whether the browser may throw the keys away when it runs short of space. @param {App} app */
async function storage(app) {
  const kept = (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
  if (kept) return row(app, "storage-label", app.t("storage-kept"));
  const ask = async () => {
    const granted = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
    await app.again();
    app.say(app.t(granted ? "storage-kept" : "storage-refused"));
  };
  return row(app, "storage-label", app.t("storage-weak"), button(app.t("storage-ask"), ask, "small"));
}

/** @param {App} app */
async function notifications(app) {
  const state = "Notification" in globalThis ? Notification.permission : "none";
  return row(app, "notifications-label", app.t(`notifications-${state}`));
}
