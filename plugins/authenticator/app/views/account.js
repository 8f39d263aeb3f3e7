// One account: its passcode.

import { opened, openWithout, refresh, wipe } from "../core/index.js";
import { camera } from "../camera.js";
import { showPasscode } from "../passcode.js";
import { explain, supportLink } from "../problems.js";
import { actions, button, el, facts, field, notice, p } from "../ui.js";
import { unlockPart } from "../unlock.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */
/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Bytes} Bytes */

/** Clocks that differ by so many seconds are worth a word. */
const CLOCK_WRONG = 120;

/** What may be otherwise when one looks again. */
const PASSING = new Set(["suspended", "pending", "unknown"]);

const CHALLENGE = /^[0-9]{8}$/;

/** @param {App} app @param {import("../app.js").Params} params @returns {Promise<Screen>} */
export async function account(app, { id }) {
  await app.loadAccounts();
  const found = app.account(id);
  if (!found) return app.views.home(app, {});
  if (found.state !== "active") return unusable(app, found);
  return usable(app, found);
}

/** @param {App} app @param {Account} account @returns {Screen} */
function usable(app, account) {
  const { template } = account;
  const asksChallenge = template.mode === "challenge_response";
  const place = el("div");
  const question = asksChallenge ? challengePart(app) : null;
  let close = () => {};
  let left = false;

  const locked = () => {
    close = () => {};
    place.replaceChildren(part().node);
  };
  const use = async (/** @type {Bytes} */ seed) => {
    if (left) return wipe(seed);
    const challenge = question?.value() ?? undefined;
    question?.stop();
    close = await showPasscode(app, account, seed, {
      place,
      challenge,
      closed: () => {
        if (left) return;
        question?.clear();
        locked();
        app.say(app.t("passcode-gone"));
      },
    });
    if (left) close();
  };
  const part = () => {
    const ready = () => !question || question.value() !== null;
    return unlockPart(app, account, {
      label: app.t("passcode-show"),
      use,
      keeps: true,
      before: question ? [question.node] : [],
      ready,
    });
  };

  locked();
  const atOnce = opened(account) && !template.event && !asksChallenge;
  if (atOnce) openWithout(account).then(use, (error) => place.replaceChildren(failed(app, error)));
  const hide = () => {
    question?.stop();
    close();
  };
  const leave = () => {
    left = true;
    hide();
  };
  return {
    title: account.issuer,
    body: [identity(account), ...clock(app, account), place, menu(app, account)],
    back: () => app.go("home"),
    leave,
    hide,
  };
}

/** @param {Account} account */
const identity = (account) => el("p", null, el("bdi", null, account.account));

/** @param {App} app @param {unknown} error */
function failed(app, error) {
  const { title, text } = explain(app, error, "account");
  return notice({ title, text, error: true });
}

/** @param {App} app @param {Account} account */
function clock(app, account) {
  const off = Math.abs(account.clockOffset);
  if (off < CLOCK_WRONG) return [];
  return [notice({ title: app.t("clock-title"), text: app.t("clock-text", { minutes: Math.round(off / 60) }) })];
}

/** The eight digits that the page asks: typed, or seen by the camera. @param {App} app */
function challengePart(app) {
  const typed = field({
    label: app.t("challenge-label"),
    hint: app.t("challenge-hint"),
    look: "code",
    attributes: { inputmode: "numeric", maxlength: 12, dir: "ltr" },
  });
  const place = el("div");
  let stop = () => {};
  const clean = (/** @type {string} */ text) => text.replace(/[\s-]/g, "");
  const seen = (/** @type {string} */ text) => {
    if (!CHALLENGE.test(clean(text))) return false;
    typed.input.value = clean(text);
    typed.clear();
    place.replaceChildren(scan);
    app.say(app.t("challenge-seen"));
    typed.input.focus();
    return true;
  };
  const look = () => {
    const view = camera(app, {
      seen,
      otherwise: [
        button(app.t("cancel"), () => {
          view.stop();
          place.replaceChildren(scan);
        }),
      ],
    });
    stop = view.stop;
    place.replaceChildren(view.node);
    view.begin();
  };
  const scan = button(app.t("challenge-scan"), look, "link");
  place.append(scan);
  /** @returns {string|null} */
  const value = () => {
    const digits = clean(typed.input.value);
    if (CHALLENGE.test(digits)) return digits;
    typed.fail(app.t("challenge-wrong"));
    return null;
  };
  const clear = () => (typed.input.value = "");
  return { node: el("div", null, typed.node, place), value, clear, stop: () => stop() };
}

/** @param {App} app @param {Account} account */
function menu(app, account) {
  const go = (/** @type {string} */ name) => () => app.go(name, { id: account.id });
  return el("ul", { class: "menu" }, el("li", null, button(app.t("manage"), go("manage"), "link")));
}

/**
 * Locked, suspended, gone, not known: what that means, and what is to be done.
 * @param {App} app @param {Account} account @returns {Screen}
 */
function unusable(app, account) {
  const { state } = account;
  const support = supportLink(app, account);
  const again = async () => {
    await refresh(app.caller, account).catch(() => {});
    return app.again();
  };
  const remove = button(app.t("remove"), () => app.go("remove", { id: account.id }), "secondary");
  const ways = PASSING.has(state) ? [button(app.t("look-again"), again, "primary"), remove] : [remove];
  return {
    title: app.t(`state-${state}-title`),
    body: [
      notice({ title: app.t(`state-${state}`), text: app.t(`state-${state}-text`), error: true }),
      p(app.t(`state-${state}-next`)),
      ...(support ? [el("p", null, support)] : []),
      facts([
        [app.t("fact-issuer"), account.issuer],
        [app.t("fact-user"), account.account],
        [app.t("fact-serial"), account.serial],
      ]),
      actions(...ways),
    ],
    back: () => app.go("home"),
  };
}
