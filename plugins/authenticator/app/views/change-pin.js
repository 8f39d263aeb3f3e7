// Another PIN: the present one is asked for, the new one keeps the same rules.

import { changePin } from "../core/index.js";
import { codeOf, explain } from "../problems.js";
import { chosenPin, presentPin } from "../pinfields.js";
import { actions, el, form, notice, submit } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

const ENDS = new Set(["locked", "suspended", "gone", "not_found"]);

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function changeThePin(app, { id }) {
  await app.loadAccounts();
  const account = app.account(id);
  if (!account || account.state !== "active") return app.views.account(app, { id });
  const policy = account.template.pin;
  const said = el("div");
  const present = presentPin(app, policy, app.t("pin-present"));
  const chosen = chosenPin(app, policy);

  const send = async () => {
    said.replaceChildren();
    const old = present.input.value;
    if (old === "") return present.fail(app.t("pin-fault-empty"));
    const fresh = chosen.value();
    if (fresh === null) return undefined;
    if (fresh === old) return chosen.first.fail(app.t("pin-fault-same"));
    try {
      await changePin(app.caller, account, old, fresh);
    } catch (error) {
      return failed(error);
    }
    app.message = { title: app.t("pin-changed-title"), text: app.t("pin-changed"), next: ["account", { id }] };
    return app.step("message");
  };
  const failed = (/** @type {unknown} */ error) => {
    const code = codeOf(error);
    if (ENDS.has(code)) return app.step("account", { id });
    if (code === "wrong_pin") {
      present.input.value = "";
      const left = /** @type {{detail?: {attempts_left?: number}}} */ (error).detail?.attempts_left;
      return present.fail(
        left === 0
          ? app.t("pin-wrong-last")
          : left !== undefined && left <= 3
            ? app.t("pin-wrong-left", { left })
            : app.t("pin-wrong"),
      );
    }
    const { title, text } = explain(app, error, "account");
    const told = notice({ title, text, error: true });
    said.replaceChildren(told);
    return told.focus();
  };

  return {
    title: app.t("change-pin"),
    body: [form(send, said, present.node, ...chosen.nodes, actions(submit(app.t("save"))))],
    back: () => app.go("manage", { id }),
  };
}
