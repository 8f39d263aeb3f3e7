// The app cannot run here: why, and what helps.

import { actions, button, el, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @param {import("../app.js").Params} params @returns {Screen} */
export function unable(app, { reason }) {
  return {
    title: app.t("unable-title"),
    body: [
      p(app.t(`unable-${reason}`)),
      el("ul", null, ...["unable-private", "unable-current", "unable-help"].map((key) => el("li", null, app.t(key)))),
      actions(button(app.t("retry"), () => location.reload(), "primary")),
    ],
    alone: true,
  };
}
