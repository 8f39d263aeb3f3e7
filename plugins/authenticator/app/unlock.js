// Opening an account: by its PIN, by a fingerprint or a face, or just so where neither is asked for.

import { opened, openWithout, refresh, unlockWithBio, unlockWithPin, wipe } from "./core/index.js";
import { codeOf, explain } from "./problems.js";
import { presentPin } from "./pinfields.js";
import { actions, button, el, form, notice, p, submit } from "./ui.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Account} Account */
/** @typedef {import("./core/types.js").Bytes} Bytes */

/** From so many tries left on, they are told. */
const TELL_TRIES = 3;

/** After these the account is another one: its screen says what has become of it. */
const ENDS = new Set(["locked", "suspended", "gone", "not_found"]);

/**
 * What opens an account, as a part of a screen. `use` gets the seed, which is wiped behind it unless `keeps`.
 * @param {App} app
 * @param {Account} account
 * @param {{label: string, look?: "primary"|"danger", bioLabel?: string, use: (seed: Bytes) => Promise<unknown>,
 *   keeps?: boolean, before?: Node[], ready?: () => boolean, danger?: Node[]}} what
 */
export function unlockPart(
  app,
  account,
  {
    label,
    look = "primary",
    bioLabel = app.t("bio-use"),
    use,
    keeps = false,
    before = [],
    ready = () => true,
    danger = [],
  },
) {
  const said = el("div");
  const tries = p("", "hint");

  /** @param {() => Promise<Bytes>} open @param {(message: string) => void} [fail] */
  const run = async (open, fail) => {
    said.replaceChildren();
    try {
      const seed = await open();
      try {
        await use(seed);
      } finally {
        if (!keeps) wipe(seed);
      }
    } catch (error) {
      await failed(error, fail);
    }
  };

  /** @param {unknown} error @param {(message: string) => void} [fail] */
  const failed = async (error, fail) => {
    const code = codeOf(error);
    if (code === "wrong_pin" && fail) {
      const left = leftOf(error);
      fail(app.t("pin-wrong"));
      tellTries(app, tries, left);
      return;
    }
    if (ENDS.has(code)) {
      await refresh(app.caller, account).catch(() => {});
      await app.loadAccounts();
      return app.again();
    }
    const { title, text } = explain(app, error, "account");
    const told = notice({ title, text, error: true });
    said.replaceChildren(told);
    told.focus();
  };

  if (opened(account)) {
    const send = () => (ready() ? run(() => openWithout(account)) : undefined);
    return { node: form(send, said, ...before, actions(submit(label, look), ...danger)) };
  }
  const pin = presentPin(app, account.template.pin);
  pin.node.append(tries);
  const send = () => {
    if (!ready()) return undefined;
    const typed = pin.input.value;
    if (typed === "") return pin.fail(app.t("pin-fault-empty"));
    pin.input.value = "";
    return run(() => unlockWithPin(app.caller, account, typed), pin.fail);
  };
  const show = () => (ready() ? run(() => unlockWithBio(app.caller, account)) : undefined);
  const bio = account.bio ? button(bioLabel, show) : null;
  const node = form(send, said, ...before, pin.node, actions(submit(label, look), bio, ...danger));
  lookForTries(app, account, tries);
  return { node };
}

/** @param {unknown} error @returns {number|null} */
function leftOf(error) {
  const left = /** @type {{detail?: {attempts_left?: unknown}}} */ (error).detail?.attempts_left;
  return typeof left === "number" ? left : null;
}

/** How many tries are left since the last time. @param {App} app @param {Account} account @param {HTMLElement} place */
async function lookForTries(app, account, place) {
  const seen = await refresh(app.caller, account).catch(() => null);
  if (seen) tellTries(app, place, seen.attemptsLeft);
}

/** @param {App} app @param {HTMLElement} place @param {number|null} left */
function tellTries(app, place, left) {
  if (left === null || left > TELL_TRIES) return;
  place.textContent = left === 0 ? app.t("tries-last") : app.t("tries-left", { left });
}
