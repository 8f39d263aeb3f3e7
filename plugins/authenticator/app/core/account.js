/** An account as the gateway has it. */

import { keepState } from "./call.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Known} Known */

/**
 * Takes over what the gateway says of it: where it stands, names, push and clock.
 * @param {Caller} caller
 * @param {Account} account
 * @returns {Promise<{attemptsLeft: number|null}>}
 */
export async function refresh(caller, account) {
  const told = await caller.call(account, "token", { id: account.id });
  const change = (/** @type {Account} */ kept) => {
    const { serial, issuer, portal, support, template } = told;
    Object.assign(kept, { serial, issuer, account: told.account, portal, support, template });
    const { enabled, wanted, subscribed, vapid } = told.push;
    Object.assign(kept.push, { enabled, wanted, subscribed, vapid });
  };
  change(account);
  await caller.store.update(account.id, change);
  // What is in use here cannot become pending again; the answer is of a token that was issued anew.
  if (told.state !== "pending") await keepState(caller.store, account, told.state);
  return { attemptsLeft: told.attempts_left };
}

/**
 * Removes it from this device; the gateway revokes it. One that is gone there already is removed here all the same.
 * @param {Caller} caller
 * @param {Account} account
 * @returns {Promise<void>}
 */
export async function release(caller, account) {
  if (account.state !== "gone" && account.state !== "locked_pin") {
    await caller.call(account, "token/release", { id: account.id });
  }
  await caller.store.remove(account.id);
}

/**
 * What this browser once had.
 * @param {Caller} caller
 * @returns {Promise<Known[]>}
 */
export async function here(caller) {
  const { known } = await caller.callUnsigned("here", {});
  return known;
}
