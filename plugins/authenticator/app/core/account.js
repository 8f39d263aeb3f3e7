/** An account as the gateway has it. */

import { base64url, hmac, random, utf8 } from "./bytes.js";
import { CallError, keepState } from "./call.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Known} Known */

const PROOF = "doorward/release/v1";

/** After these nobody can use it: there is nothing that the gateway would have to do. */
const NOT_IN_USE = new Set(["locked", "suspended", "gone", "not_found"]);

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
 * Removes it from this device. With the seed, which takes the PIN where there is one, the gateway revokes it; without, it
 * does so where its user has another, and else it suspends it. What nobody can use is removed here alone.
 * @param {Caller} caller
 * @param {Account} account
 * @param {Bytes|null} [seed]
 * @returns {Promise<void>}
 */
export async function release(caller, account, seed = null) {
  if (account.state === "active" || account.state === "suspended") await tellReleased(caller, account, seed);
  await caller.store.remove(account.id);
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {Bytes|null} seed
 */
async function tellReleased(caller, account, seed) {
  const shown = seed === null ? {} : await proofOf(account, seed);
  try {
    await caller.call(account, "token/release", { id: account.id, ...shown });
  } catch (error) {
    if (!(error instanceof CallError && NOT_IN_USE.has(error.code))) throw error;
  }
}

/**
 * @param {Account} account
 * @param {Bytes} seed
 */
async function proofOf({ id }, seed) {
  const nonce = base64url(random(16));
  return { nonce, proof: base64url(await hmac(seed, utf8([PROOF, id, nonce].join("\0")))) };
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
