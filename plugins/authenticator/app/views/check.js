// The same number on both screens; the browser that enrols says that the device is its user's.

import { abandon, next, progress, thisDevice } from "../activation.js";
import { codeOf, showProblem } from "../problems.js";
import { actions, button, el, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

const EVERY = 2000;

/** @param {App} app @returns {Promise<Screen>} */
export async function check(app) {
  const { activation } = app;
  if (!activation) return app.views.home(app, {});
  const device = await thisDevice();
  const waiting = p(app.t("check-waiting"), "busy");
  waiting.setAttribute("role", "status");
  let left = false;

  const look = async () => {
    if (left) return;
    if (!document.hidden) await ask();
    if (!left) setTimeout(look, EVERY);
  };
  const ask = async () => {
    try {
      const { state, reason } = await activation.status();
      if (left) return;
      waiting.textContent = app.t("check-waiting");
      if (state === "confirmed") return await next(app, "check");
      if (state === "active") return await app.step("finish");
      if (state === "failed") return await failed(reason);
    } catch (error) {
      if (left) return;
      const lost = ["offline", "unavailable", "too_many", "aborted"].includes(codeOf(error));
      if (!lost) return await showProblem(app, error, { where: "activate" });
      waiting.textContent = app.t("check-offline");
    }
  };
  const failed = async (/** @type {string|undefined} */ reason) => {
    app.activation = null;
    await activation.abandon().catch(() => {});
    return showProblem(app, { code: reason ?? "failed" }, { where: "activate" });
  };

  setTimeout(look, EVERY / 4);
  const number = el("p", { class: "check-code", dir: "ltr" }, activation.check);
  const till = p(
    app.t("check-until", { time: app.words.clock(activation.expires - activation.account.clockOffset) }),
    "hint",
  );
  return {
    title: app.t("check-title"),
    above: progress(app, "check"),
    body: [
      p(app.t("check-text", { device: device.name })),
      number,
      waiting,
      till,
      actions(button(app.t("check-differs"), () => abandon(app))),
    ],
    alone: true,
    leave: () => (left = true),
  };
}
