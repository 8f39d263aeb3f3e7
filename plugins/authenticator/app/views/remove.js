// Removed from this device, for good. Whoever holds the device may also hold its mailbox, which brings another authenticator
// where there is none: so it takes the PIN, or it is suspended where it was the only one.

import { opened, release } from "../core/index.js";
import { explain } from "../problems.js";
import { actions, button, el, facts, notice, p } from "../ui.js";
import { unlockPart } from "../unlock.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */
/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").AccountState} AccountState */
/** @typedef {import("../core/types.js").Bytes} Bytes */

/** What is to be known before one that cannot be used is removed. @type {Partial<Record<AccountState, string>>} */
const TEXTS = { suspended: "remove-suspended", unknown: "remove-unknown" };

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function remove(app, { id, unproved }) {
  await app.loadAccounts();
  const account = app.account(id);
  if (!account) return app.views.home(app, {});
  if (account.state !== "active") return screen(app, account, TEXTS[account.state] ?? "remove-useless", plainPart);
  // A PIN that the server checks is not asked here, so it shows nothing.
  const unproven = unproved || account.template.pin.type === "server_side";
  return unproven
    ? screen(app, account, "remove-unproved", plainPart)
    : screen(app, account, "remove-text", provingPart);
}

/**
 * @param {App} app @param {Account} account @param {string} text
 * @param {(app: App, account: Account, no: Node) => Node[]} part
 * @returns {Screen}
 */
function screen(app, account, text, part) {
  const back = () => app.go(account.state === "active" ? "manage" : "account", { id: account.id });
  return {
    title: app.t("remove-title"),
    body: [
      p(app.t(text)),
      facts([
        [app.t("fact-issuer"), account.issuer],
        [app.t("fact-user"), account.account],
        [app.t("fact-serial"), account.serial],
      ]),
      ...part(app, account, button(app.t("remove-no"), back)),
    ],
    back,
  };
}

/** By whoever opens it. @param {App} app @param {Account} account @param {Node} no */
function provingPart(app, account, no) {
  const use = (/** @type {Bytes} */ seed) => removed(app, account, seed);
  const { node } = unlockPart(app, account, { label: app.t("remove-yes"), look: "danger", use, danger: [no] });
  if (opened(account)) return [node];
  const without = () => app.go("remove", { id: account.id, unproved: true });
  return [node, el("p", null, button(app.t("remove-without"), without, "link"))];
}

/** By a press. @param {App} app @param {Account} account @param {Node} no */
function plainPart(app, account, no) {
  const said = el("div");
  const yes = async () => {
    said.replaceChildren();
    try {
      await removed(app, account, null);
    } catch (error) {
      const { title, text } = explain(app, error, "account");
      const told = notice({ title, text, error: true });
      said.replaceChildren(told);
      told.focus();
    }
  };
  return [said, actions(button(app.t("remove-yes"), yes, "danger"), no)];
}

/** @param {App} app @param {Account} account @param {Bytes|null} seed */
async function removed(app, account, seed) {
  await release(app.caller, account, seed);
  app.requests.delete(account.id);
  await app.loadAccounts();
  app.message = { title: app.t("removed-title"), text: app.t("removed"), next: ["home", {}] };
  await app.step("message");
}
