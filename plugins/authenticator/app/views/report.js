// No, and: was it you? Whoever goes on to something else without a word has said no. Whoever merely does not look at the app for a
// moment has said nothing yet: a request that was answered cannot be reported any more, and one that is not runs out by itself.

import { answer } from "../core/index.js";
import { actions, button, p } from "../ui.js";
import { context, find, refuse, settle } from "./request.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @param {import("../app.js").Params} params @returns {Screen|Promise<Screen>} */
export function report(app, params) {
  const found = find(app, params);
  if (!found) return app.views.home(app, {});
  const { account, request } = found;
  let said = false;
  const say = (/** @type {"deny"|"report"} */ decision) => {
    if (said) return undefined;
    said = true;
    return refuse(app, account, request, decision);
  };
  const leave = (/** @type {string} */ next) => {
    // In another language it is the same question.
    if (said || next === "report") return;
    said = true;
    app.answered.add(request.id);
    const denied = () => settle(app, request);
    const waits = () => app.answered.delete(request.id); // it did not arrive
    answer(app.caller, account, request, "deny").then(denied, waits);
  };
  return {
    title: app.t("report-title"),
    body: [
      p(app.t("report-text")),
      context(app, account, request),
      actions(
        button(app.t("report-yes"), () => say("report"), "danger"),
        button(app.t("report-no"), () => say("deny")),
      ),
      p(app.t("report-hint"), "hint"),
    ],
    alone: true,
    leave,
  };
}
