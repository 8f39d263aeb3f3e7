// May the app tell when somebody signs in?

import { CoreError, makeSubscription } from "../core/index.js";
import { canBeWoken, next, progress } from "../activation.js";
import { codeOf } from "../problems.js";
import { activeWorker } from "../worker.js";
import { actions, button, el, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function notify(app) {
  const { activation } = app;
  if (!activation) return app.views.home(app, {});
  const { vapid } = activation.account.push;
  const wakes = canBeWoken() && app.registration !== null && vapid !== null;
  const said = el("div");

  const choose = (/** @type {boolean} */ wanted) => {
    app.setup.pushWanted = wanted;
    return next(app, "notify");
  };
  const allow = async () => {
    if (!wakes) return choose(true);
    try {
      const registration = await activeWorker();
      if (!registration) throw new CoreError("unavailable");
      app.setup.subscription = await makeSubscription(registration, vapid);
    } catch (error) {
      return refused(codeOf(error));
    }
    return choose(true);
  };
  // The browser said no: requests are still shown while the app is open.
  const refused = (/** @type {string} */ code) => {
    const reason = code === "denied" ? "notify-denied" : "notify-unavailable";
    const told = notice({ title: app.t(`${reason}-title`), text: app.t(reason) });
    said.replaceChildren(told);
    ways.replaceChildren(
      button(app.t("notify-while-open"), () => choose(true), "primary"),
      notNow,
    );
    told.focus();
  };

  const text = app.t(wakes ? "notify-text" : "notify-text-while-open");
  const notNow = button(app.t("notify-not-now"), () => choose(false));
  const ways = actions(button(app.t(wakes ? "notify-allow" : "notify-answer-here"), allow, "primary"), notNow);
  return {
    title: app.t("notify-title"),
    above: progress(app, "notify"),
    body: [p(text), p(app.t("notify-hint"), "hint"), said, ways],
    alone: true,
  };
}
