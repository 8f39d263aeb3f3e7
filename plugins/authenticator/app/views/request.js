// Somebody signs in: is it the user? The number on the page shows that the page is in front of whoever answers.

import { answer } from "../core/index.js";
import { showProblem } from "../problems.js";
import { button, facts, field, p } from "../ui.js";
import { unlockPart } from "../unlock.js";
import { putAway } from "../worker.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */
/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").PushRequest} PushRequest */
/** @typedef {import("../core/types.js").PushResult} PushResult */

const NUMBER = /^[0-9]{2}$/;

/** @param {App} app @param {import("../app.js").Params} params */
export function find(app, { account: id, request: wanted }) {
  const account = app.account(id);
  const request = (app.requests.get(id) ?? []).find((each) => each.id === wanted);
  return account && request ? { account, request } : null;
}

/** @param {App} app @param {Account} account @param {PushRequest} request */
export function context(app, account, request) {
  const { application, address, browser } = request.context;
  const helpDesk = request.purpose === "help_desk";
  const rows = /** @type {[string, string|null][]} */ ([
    [app.t("fact-application"), helpDesk ? null : (application ?? app.t("request-portal"))],
    [app.t("fact-issuer"), account.issuer],
    [app.t("fact-user"), account.account],
    [app.t("fact-address"), address],
    [app.t("fact-browser"), browser],
    [app.t("fact-time"), app.words.clock(request.created - account.clockOffset)],
  ]);
  return facts(rows);
}

/** @param {App} app @param {import("../app.js").Params} params @returns {Screen|Promise<Screen>} */
export function request(app, params) {
  const found = find(app, params);
  if (!found || app.answered.has(found.request.id)) return over(app);
  const { account, request: asked } = found;
  if (account.state !== "active") return app.views.account(app, { id: account.id });
  const helpDesk = asked.purpose === "help_desk";
  const number = field({
    label: app.t(helpDesk ? "request-number-help-desk" : "request-number"),
    hint: app.t(helpDesk ? "request-number-hint-help-desk" : "request-number-hint"),
    look: "code number",
    attributes: { inputmode: "numeric", maxlength: 2, dir: "ltr" },
  });
  const ready = () => {
    if (NUMBER.test(number.input.value.trim())) return true;
    number.fail(app.t("request-number-wrong"));
    return false;
  };
  const use = async (/** @type {import("../core/types.js").Bytes} */ seed) => {
    const result = await answer(app.caller, account, asked, "approve", number.input.value.trim(), seed);
    await told(app, asked, result);
  };
  const deny = button(app.t("deny"), () => app.step("report", params), "secondary");
  const part = unlockPart(app, account, {
    label: app.t("approve"),
    bioLabel: app.t("approve-bio"),
    use,
    before: [number.node],
    ready,
    danger: [deny],
  });
  const till = p(app.t("request-until", { time: app.words.clock(asked.expires - account.clockOffset) }), "hint");
  const timer = setTimeout(() => app.again(), Math.max(0, (asked.expires - account.clockOffset) * 1000 - Date.now()));
  return {
    title: app.t(helpDesk ? "request-title-help-desk" : "request-title"),
    body: [
      p(app.t(helpDesk ? "request-text-help-desk" : "request-text")),
      context(app, account, asked),
      part.node,
      till,
    ],
    back: () => app.step("home"),
    leave: () => clearTimeout(timer),
    alone: true,
  };
}

/** Says no. @param {App} app @param {Account} account @param {PushRequest} request @param {"deny"|"report"} decision */
export async function refuse(app, account, request, decision) {
  try {
    const result = await answer(app.caller, account, request, decision);
    await told(app, request, result);
  } catch (error) {
    await showProblem(app, error, { where: "account", retry: () => refuse(app, account, request, decision) });
  }
}

/** It is answered: nothing asks for it any more. @param {App} app @param {PushRequest} request */
export function settle(app, request) {
  app.answered.add(request.id);
  app.requestsChanged();
  putAway(app.registration, request.id);
}

/** What has become of it. @param {App} app @param {PushRequest} request @param {PushResult} result */
async function told(app, request, result) {
  settle(app, request);
  app.message = {
    title: app.t(`result-${result}-title`),
    text: app.t(`result-${result}`),
    next: ["home", {}],
    plain: result !== "approved",
  };
  await app.step("message");
}

/** It has been answered, or its time is over. @param {App} app */
function over(app) {
  app.message = { title: app.t("result-over-title"), text: app.t("result-over"), next: ["home", {}], plain: true };
  return app.views.message(app, {});
}
