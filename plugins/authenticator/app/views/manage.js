// What can be changed of an account, and what there is to know of it.

import { CoreError, refresh, subscribe, unsubscribe } from "../core/index.js";
import { codeOf, explain, supportLink } from "../problems.js";
import { activeWorker } from "../worker.js";
import { button, el, facts, host, notice } from "../ui.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */
/** @typedef {import("../core/types.js").Account} Account */

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function manage(app, { id }) {
  await app.loadAccounts();
  const account = app.account(id);
  if (!account) return app.views.home(app, {});
  const said = el("div");
  const { template } = account;
  const go = (/** @type {string} */ name) => () => app.go(name, { id });
  const support = supportLink(app, account);
  const rows = /** @type {[string, import("../ui.js").Child][]} */ ([
    [app.t("fact-user"), account.account],
    [app.t("fact-serial"), account.serial],
    [app.t("fact-kind"), kind(app, account)],
    [app.t("fact-biometric"), account.bio ? app.t("yes") : template.biometric ? app.t("no") : null],
    [app.t("fact-added"), app.words.moment(account.addedAt)],
    [app.t("fact-server"), host(new URL(account.origin).host)],
  ]);
  const items = [
    push(app, account, said),
    template.pin.type === "user_selected" && el("li", null, button(app.t("change-pin"), go("change-pin"), "link")),
    support && el("li", null, support),
    el("li", null, harmful(button(app.t("remove"), go("remove"), "link"))),
  ];
  return {
    title: app.t("manage-title", { issuer: account.issuer }),
    body: [facts(rows), said, el("ul", { class: "menu" }, ...items)],
    back: () => app.go("account", { id }),
  };
}

/** @param {HTMLElement} element */
function harmful(element) {
  element.classList.add("harm");
  return element;
}

/** @param {App} app @param {Account} account */
function kind(app, { template }) {
  const { digits, period, event, mode } = template;
  if (mode === "challenge_response") return app.t("kind-challenge", { digits });
  return event ? app.t("kind-event", { digits }) : app.t("kind-time", { digits, seconds: period ?? 30 });
}

/** Requests: on, off, or not to be had. @param {App} app @param {Account} account @param {HTMLElement} said */
function push(app, account, said) {
  const { enabled, wanted, subscribed } = account.push;
  const state = !enabled ? "push-disabled" : !wanted ? "push-off" : subscribed ? "push-woken" : "push-while-open";
  const words = el(
    "p",
    { class: "words" },
    el("strong", null, app.t("push-label")),
    el("span", { class: "hint" }, app.t(state)),
  );
  const change = async () => {
    said.replaceChildren();
    try {
      await (wanted ? unsubscribe(app.caller, account) : switchOn(app, account));
      await refresh(app.caller, account).catch(() => {});
      await app.again();
      app.say(app.t(wanted ? "push-switched-off" : "push-switched-on"));
    } catch (error) {
      const denied = codeOf(error) === "denied";
      const { title, text } = denied
        ? { title: app.t("notify-denied-title"), text: app.t("notify-denied") }
        : explain(app, error, "account");
      const told = notice({ title, text, error: true });
      said.replaceChildren(told);
      told.focus();
    }
  };
  const toggle = enabled ? button(app.t(wanted ? "push-switch-off" : "push-switch-on"), change, "small") : null;
  return el("li", { class: "row" }, words, toggle);
}

/** @param {App} app @param {Account} account */
async function switchOn(app, account) {
  const registration = await activeWorker();
  if (!registration) throw new CoreError("unsupported");
  await subscribe(app.caller, account, registration);
}
