// The accounts of this device, or what the app is for where there is none.

import { button, el, notice, p } from "../ui.js";
import { lookOnce } from "../watch.js";
import { welcome } from "./welcome.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */
/** @typedef {import("../core/types.js").Account} Account */

/** @param {App} app @returns {Promise<Screen>} */
export async function home(app) {
  await app.loadAccounts();
  if (app.accounts.length === 0) return welcome(app);
  const cards = app.accounts.map((account) => el("li", null, card(app, account)));
  const offline = navigator.onLine
    ? null
    : notice({ title: app.t("offline-title"), text: [app.t("offline-works"), app.t("offline-rest")] });
  const asks = app.accounts.some(
    (account) => account.push.enabled && account.push.wanted && account.state === "active",
  );
  const said = p("", "hint");
  said.setAttribute("role", "status");
  const look = async () => {
    said.textContent = app.t("requests-looking");
    const reached = await lookOnce(app);
    said.textContent = reached ? (app.waiting ? "" : app.t("requests-none")) : app.t("requests-offline");
  };
  const body = [
    ...(offline ? [offline] : []),
    el("ul", { class: "accounts" }, ...cards),
    el(
      "div",
      { class: "actions" },
      asks && button(app.t("requests-check"), look),
      button(app.t("add-another"), () => app.go("scan")),
    ),
    said,
  ];
  return { title: app.t("home-title"), body };
}

/** @param {App} app @param {Account} account */
function card(app, account) {
  const state = account.state === "active" ? null : el("span", { class: "state" }, app.t(`state-${account.state}`));
  const words = el(
    "span",
    { class: "words" },
    el("span", { class: "name" }, el("bdi", null, account.issuer)),
    el("span", null, el("bdi", null, account.account)),
    el("span", { class: "hint" }, app.t("serial", { serial: account.serial })),
    state,
  );
  const initial = el("span", { class: "initial", "aria-hidden": "true" }, [...account.issuer.trim()][0] ?? "?");
  return el("button", { type: "button", click: () => app.go("account", { id: account.id }) }, initial, words);
}
