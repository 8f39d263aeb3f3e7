// A PIN is chosen.

import { next, progress } from "../activation.js";
import { chosenPin } from "../pinfields.js";
import { actions, form, p, submit } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function pin(app) {
  const { activation } = app;
  if (!activation) return app.views.home(app, {});
  const policy = activation.account.template.pin;
  const chosen = chosenPin(app, policy);
  const send = () => {
    const value = chosen.value();
    if (value === null) return undefined;
    app.setup.pin = value;
    return next(app, "pin");
  };
  return {
    title: app.t("pin-title"),
    above: progress(app, "pin"),
    body: [
      p(app.t("pin-text")),
      form(send, ...chosen.nodes, actions(submit(app.t("continue")))),
      p(app.t("pin-attempts", { max: policy.max_attempts }), "hint"),
    ],
    alone: true,
  };
}
