// No, and: was it you? Whoever goes away without a word has said no.

import { answer } from "../core/index.js";
import { actions, button, p } from "../ui.js";
import { context, find, refuse } from "./request.js";

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
    app.answered.add(request.id);
    return refuse(app, account, request, decision);
  };
  const silent = () => {
    if (said) return;
    said = true;
    app.answered.add(request.id);
    answer(app.caller, account, request, "deny").catch(() => {}); // it runs out by itself where this does not arrive
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
    leave: silent,
    hide: silent,
  };
}
