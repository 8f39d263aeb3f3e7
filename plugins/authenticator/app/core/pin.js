/**
 * The PIN. Its rules are those of plugins/pin/rules.json. Whether it is right only the gateway helps to find out
 * (OPAQUE, RFC 9807): nothing on the device tells, and the gateway counts.
 */

import { client, ready } from "../vendor/opaque.js";
import { fromBase64url, wipe } from "./bytes.js";
import { CallError } from "./call.js";
import { CoreError } from "./error.js";
import { openSeed, unwrapFor, unwrapFromStore, wrapFor } from "./seal.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").PinFault} PinFault */
/** @typedef {import("./types.js").PinPolicy} PinPolicy */
/** @typedef {import("./types.js").Stretching} Stretching */

/**
 * Argon2id, about 19 MiB: what a phone of some years bears within a second. Kept with each account, so it may change
 * here.
 * @type {Readonly<Stretching>}
 */
export const STRETCHING = Object.freeze({ iterations: 2, memory: 19456, parallelism: 1 });

/** The fewest characters that make a run. */
const RUN_MIN = 3;

/**
 * Every rule that the PIN breaks. It is judged as it was typed, without any normalisation.
 * @param {PinPolicy} policy
 * @param {string} pin
 * @returns {PinFault[]}
 */
export function checkPin(policy, pin) {
  const length = [...pin].length;
  const strong = policy.complexity === "strong";
  /** @type {[PinFault, boolean][]} */
  const rules = [
    ["charset", !/^[0-9A-Za-z]*$/.test(pin)],
    ["too_short", length < policy.min_length],
    ["too_long", length > policy.max_length],
    ["needs_upper", strong && !/[A-Z]/.test(pin)],
    ["needs_lower", strong && !/[a-z]/.test(pin)],
    ["needs_digit", strong && !/[0-9]/.test(pin)],
    ["trivial", !policy.allow_trivial && isOneRun(pin)],
  ];
  return rules.filter(([, broken]) => broken).map(([fault]) => fault);
}

/**
 * The rules that are in force, in the same order.
 * @param {PinPolicy} policy
 * @returns {PinFault[]}
 */
export function pinRules(policy) {
  /** @type {PinFault[]} */
  const always = ["charset", "too_short", "too_long"];
  /** @type {PinFault[]} */
  const strong = policy.complexity === "strong" ? ["needs_upper", "needs_lower", "needs_digit"] : [];
  /** @type {PinFault[]} */
  const trivial = policy.allow_trivial ? [] : ["trivial"];
  return [...always, ...strong, ...trivial];
}

/**
 * Whether the whole PIN goes up, goes down or stays, by one each time, within the digits or within the letters.
 * @param {string} pin
 */
function isOneRun(pin) {
  const characters = [...pin.replace(/[A-Z]/g, (letter) => letter.toLowerCase())];
  const steps = characters.slice(1).map((next, at) => step(characters[at] ?? "", next));
  const [first] = steps;
  const byOne = first !== undefined && first !== null && Math.abs(first) <= 1;
  return characters.length >= RUN_MIN && byOne && steps.every((each) => each === first);
}

/**
 * How far one character is from the one before. Null between a digit and a letter, and for anything else.
 * @param {string} one
 * @param {string} next
 */
function step(one, next) {
  const kin = /^([0-9]{2}|[a-z]{2})$/.test(one + next);
  return kin ? next.charCodeAt(0) - one.charCodeAt(0) : null;
}

/** @param {Account} account */
export const opened = (account) => account.wraps.store !== undefined;

/**
 * The seed, where no PIN is asked for.
 * @param {Account} account
 * @returns {Promise<Bytes>}
 */
export async function openWithout(account) {
  if (!account.wraps.store) throw new CoreError("damaged");
  const seedKey = await unwrapFromStore(account, account.wraps.store);
  try {
    return await openSeed(account, seedKey);
  } finally {
    wipe(seedKey);
  }
}

/**
 * Registers a PIN but for the last step: the record, which the gateway is to keep, is sent with something else.
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} pin
 * @returns {Promise<{record: string, exportKey: Bytes}>}
 */
export async function registerPin(caller, account, pin) {
  await ready;
  const faults = checkPin(account.template.pin, pin);
  if (faults.length > 0) throw new CoreError("pin_rules", { faults });
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password: pin });
  const body = { id: account.id, request: registrationRequest };
  const { response } = await caller.call(account, "pin/register", body);
  const { registrationRecord, exportKey } = client.finishRegistration({
    password: pin,
    registrationResponse: response,
    clientRegistrationState,
    keyStretching: { "argon2id-custom": account.stretching },
  });
  return { record: registrationRecord, exportKey: fromBase64url(exportKey) };
}

/**
 * The seed, by the PIN. The caller wipes it.
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} pin
 * @returns {Promise<Bytes>}
 */
export async function unlockWithPin(caller, account, pin) {
  const seedKey = await seedKeyByPin(caller, account, pin);
  try {
    return await openSeed(account, seedKey);
  } finally {
    wipe(seedKey);
  }
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} oldPin
 * @param {string} newPin
 * @returns {Promise<void>}
 */
export async function changePin(caller, account, oldPin, newPin) {
  const faults = checkPin(account.template.pin, newPin);
  if (faults.length > 0) throw new CoreError("pin_rules", { faults });
  const seedKey = await seedKeyByPin(caller, account, oldPin);
  try {
    const { record, exportKey } = await registerPin(caller, account, newPin);
    // Both are kept until the gateway has answered: whichever record it has, the device can go on.
    const next = await wrapFor(account, "pin", exportKey, seedKey);
    wipe(exportKey);
    await keepWraps(caller, account, { ...account.wraps, next });
    await caller.call(account, "pin/change", { id: account.id, record });
    await promoteNext(caller, account);
  } finally {
    wipe(seedKey);
  }
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} pin
 * @returns {Promise<Bytes>}
 */
async function seedKeyByPin(caller, account, pin) {
  const exportKey = await exchange(caller, account, pin);
  try {
    return await unwrapByPin(caller, account, exportKey);
  } finally {
    wipe(exportKey);
  }
}

/**
 * One counted try. What it gives is right, or it throws.
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} pin
 * @returns {Promise<Bytes>}
 */
async function exchange(caller, account, pin) {
  await ready;
  await readAnew(caller, account);
  const { clientLoginState, startLoginRequest } = client.startLogin({ password: pin });
  const first = await caller.call(account, "pin/unlock/1", { id: account.id, ke1: startLoginRequest });
  const finished = client.finishLogin({
    clientLoginState,
    loginResponse: first.ke2,
    password: pin,
    keyStretching: { "argon2id-custom": account.stretching },
  });
  if (!finished) throw await wrongPin(caller, account, first.attempts_left);
  await caller.call(account, "pin/unlock/2", { id: account.id, ke3: finished.finishLoginRequest });
  return fromBase64url(finished.exportKey);
}

/**
 * Another tab may have changed the PIN.
 * @param {Caller} caller
 * @param {Account} account
 */
async function readAnew(caller, account) {
  const kept = await caller.store.account(account.id);
  if (!kept) throw new CoreError("no_account");
  Object.assign(account, kept);
}

/**
 * Tells the gateway, which has counted already: so it need not wait for the exchange to run out.
 * @param {Caller} caller
 * @param {Account} account
 * @param {number} attemptsLeft as they were told before
 */
async function wrongPin(caller, account, attemptsLeft) {
  try {
    const { attempts_left } = await caller.call(account, "pin/unlock/failed", { id: account.id });
    return new CoreError("wrong_pin", { attempts_left });
  } catch (error) {
    const silent = error instanceof CallError && error.code === "offline";
    return silent ? new CoreError("wrong_pin", { attempts_left: attemptsLeft }) : error;
  }
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {Bytes} exportKey
 */
async function unwrapByPin(caller, account, exportKey) {
  const { pin, next } = account.wraps;
  if (!pin) throw new CoreError("damaged");
  try {
    return await unwrapFor(account, "pin", exportKey, pin);
  } catch (error) {
    if (!next) throw error;
    // A change whose answer was lost: the gateway has the new PIN.
    const seedKey = await unwrapFor(account, "pin", exportKey, next);
    await promoteNext(caller, account);
    return seedKey;
  }
}

/**
 * @param {Caller} caller
 * @param {Account} account
 */
async function promoteNext(caller, account) {
  const { next, ...others } = account.wraps;
  if (next) await keepWraps(caller, account, { ...others, pin: next });
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {import("./types.js").Wraps} wraps
 */
async function keepWraps(caller, account, wraps) {
  account.wraps = wraps;
  await caller.store.update(account.id, (kept) => { kept.wraps = wraps; });
}
