// For whom, and where: whoever scans a stranger's code sees it here.

import { abandon, next, progress } from "../activation.js";
import { actions, button, facts, host, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @returns {Screen|Promise<Screen>} */
export function consent(app) {
  const { activation } = app;
  if (!activation) return app.views.home(app, {});
  const { account, issuer, serial } = activation.account;
  const rows = /** @type {[string, import("../ui.js").Child][]} */ ([
    [app.t("fact-user"), account],
    [app.t("fact-issuer"), issuer],
    [app.t("fact-server"), host(new URL(app.caller.origin).host)],
    [app.t("fact-serial"), serial],
  ]);
  const ways = actions(
    button(app.t("confirm"), () => next(app, "consent"), "primary"),
    button(app.t("cancel"), () => abandon(app)),
  );
  return {
    title: app.t("consent-title", { user: account, issuer }),
    above: progress(app, "consent"),
    body: [facts(rows), p(app.t("consent-text")), ways],
    alone: true,
  };
}
