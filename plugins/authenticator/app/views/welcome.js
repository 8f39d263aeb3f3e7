// The first screen of all.

import { installPart } from "../install.js";
import { thisDevice } from "../activation.js";
import { button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Promise<Screen>} */
export async function welcome(app) {
  const device = await thisDevice();
  const install = installPart(app, device);
  const offline = navigator.onLine ? null : notice({ title: app.t("offline-title"), text: app.t("offline-empty") });
  const ways = el(
    "div",
    { class: "actions" },
    button(app.t("scan"), () => app.go("scan"), "primary"),
    button(app.t("type-code"), () => app.go("code")),
  );
  const lost = app.lost.length > 0 ? erased(app) : null;
  const body = [lost, offline, p(app.t("welcome-what"), "lead"), p(app.t("welcome-how")), ways, install];
  return {
    title: app.t(lost ? "welcome-title-erased" : "welcome-title"),
    body: body.filter((node) => node instanceof Node),
  };
}

/** This browser had an authenticator and has thrown it away. @param {App} app */
function erased(app) {
  const names = app.lost.map(({ issuer, account, serial }) =>
    el("li", null, app.t("known", { issuer, account, serial })),
  );
  return notice({
    title: app.t("erased-title"),
    error: true,
    text: [app.t("erased"), el("ul", null, ...names), app.t("erased-next")],
  });
}
