// It is set up: back to where it was begun.

import { installPart } from "../install.js";
import { thisDevice } from "../activation.js";
import { button, el, link, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function done(app, { id }) {
  await app.loadAccounts();
  const account = app.account(id);
  if (!account) return app.views.home(app, {});
  const install = installPart(app, await thisDevice());
  const open = button(app.t("done-open"), () => app.step("account", { id }), "primary");
  const back = /^https?:/.test(account.portal) ? link(app.t("done-return"), account.portal, "button secondary") : null;
  return {
    title: app.t("done-title"),
    above: el("div", { class: "tick", "aria-hidden": "true" }),
    body: [
      p(app.t("done-text", { user: account.account, issuer: account.issuer })),
      p(app.t("done-other-screen")),
      el("div", { class: "actions" }, open, back),
      p(app.t("done-return-hint"), "hint"),
      ...(install ? [install] : []),
    ],
  };
}
