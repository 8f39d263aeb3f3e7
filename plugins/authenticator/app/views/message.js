// Something was done.

import { actions, button, el, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function message(app) {
  const { message: said } = app;
  if (!said) return app.views.home(app, {});
  const go = () => {
    app.message = null;
    return app.step(...said.next);
  };
  return {
    title: said.title,
    above: said.plain ? null : el("div", { class: "tick", "aria-hidden": "true" }),
    body: [p(said.text), actions(button(app.t("continue"), go, "primary"))],
  };
}
