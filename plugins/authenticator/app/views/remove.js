// Removed from this device, for good.

import { release } from "../core/index.js";
import { explain } from "../problems.js";
import { actions, button, el, facts, notice, p } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function remove(app, { id }) {
  await app.loadAccounts();
  const account = app.account(id);
  if (!account) return app.views.home(app, {});
  const said = el("div");
  const useful = account.state === "active" || account.state === "suspended";
  const removed = async () => {
    app.requests.delete(id);
    await app.loadAccounts();
    app.message = { title: app.t("removed-title"), text: app.t("removed"), next: ["home", {}] };
    return app.step("message");
  };
  const yes = async () => {
    said.replaceChildren();
    try {
      await release(app.caller, account);
    } catch (error) {
      const { title, text } = explain(app, error, "account");
      const told = notice({ title, text, error: true });
      said.replaceChildren(told);
      return told.focus();
    }
    return removed();
  };
  return {
    title: app.t("remove-title"),
    body: [
      p(app.t(useful ? "remove-text" : "remove-useless")),
      facts([
        [app.t("fact-issuer"), account.issuer],
        [app.t("fact-user"), account.account],
        [app.t("fact-serial"), account.serial],
      ]),
      said,
      actions(
        button(app.t("remove-yes"), yes, "danger"),
        button(app.t("remove-no"), () => app.go("manage", { id })),
      ),
    ],
    back: () => app.go("manage", { id }),
  };
}
