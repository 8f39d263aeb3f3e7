/** How a token comes onto this device. */

import { agree } from "./agree.js";
import { base64url, fromBase64url, random, same, utf8, wipe } from "./bytes.js";
import { CallError } from "./call.js";
import { CoreError } from "./error.js";
import { VERSION } from "./link.js";
import { firstPasscode } from "./otp.js";
import { registerPin, STRETCHING } from "./pin.js";
import { newStoreKey, sealSeed } from "./seal.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./call.js").Exchange} Exchange */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").BioRegistration} BioRegistration */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Claim} Claim */
/** @typedef {import("./types.js").Device} Device */
/** @typedef {import("./types.js").PendingActivation} PendingActivation */
/** @typedef {import("./types.js").SubscriptionKeys} SubscriptionKeys */
/** @typedef {import("./types.js").Ticket} Ticket */

/** @typedef {import("./agree.js").Agreement} Agreement */
/** @typedef {{pin?: string|null, bio?: BioRegistration|null, subscription?: SubscriptionKeys|null,
 *   pushWanted?: boolean}} Choices */

const META = "activation";
const NONCE_LENGTH = 16;
const SALT_LENGTH = 32;

/** After these a `finish` may have been carried out, or may be with the very same body: it is kept. */
const NOT_REFUSED = new Set(["offline", "aborted", "unavailable", "too_many", "clock", "sequence"]);
/** After these nothing is left to go on with. */
const OVER = new Set(["not_found", "expired", "already_used", "target_not_allowed", "gone", "locked"]);

/**
 * Exchanges the ticket for the one that an installed app starts with, which has a storage of its own. The old one is
 * void.
 * @param {Caller} caller
 * @param {Ticket} ticket
 * @returns {Promise<Ticket>}
 */
export async function handoff(caller, { id, t }) {
  const { ticket } = await caller.callUnsigned("activate/handoff", { id, ticket: t });
  return { id, t: ticket };
}

/**
 * Shows the ticket or code to the gateway, with the keys of this device. What went on before is given up.
 * @param {Caller} caller
 * @param {Claim & {device: Device}} claim
 * @returns {Promise<Activation>}
 */
export async function begin(caller, claim) {
  await giveUp(caller, await caller.store.meta(META));
  const pending = await newPending(caller.origin, claim);
  // Kept before it is sent: only the same key may ask again.
  await caller.store.setMeta(META, pending);
  return ask(caller, pending, true);
}

/**
 * Goes on after a reload. What the gateway has answered is asked for again: it is never kept, since whoever reads this
 * device's disk later could make the seed of it and of what the browser has not yet overwritten.
 * @param {Caller} caller
 * @returns {Promise<Activation|null>}
 */
export async function resume(caller) {
  /** @type {PendingActivation|undefined} */
  const pending = await caller.store.meta(META);
  if (!pending || pending.origin !== caller.origin) return null;
  const account = pending.id === null ? undefined : await caller.store.account(pending.id);
  return pending.finish && account ? new Activation(caller, pending, account, null) : ask(caller, pending, false);
}

/** An activation that goes on. */
export class Activation {
  /** @type {Caller} */ #caller;
  /** @type {PendingActivation} */ #pending;
  /** @type {Exchange|null} */ #begun;

  /**
   * @param {Caller} caller
   * @param {PendingActivation} pending
   * @param {Account} account
   * @param {Exchange|null} begun none where all that is left is to send `finish` again
   */
  constructor(caller, pending, account, begun) {
    this.#caller = caller;
    this.#pending = pending;
    this.#begun = begun;
    this.account = account;
    /** Four digits, the same on both screens. */
    this.check = String(begun?.value.check ?? "");
    /** Seconds by the gateway's clock. */
    this.expires = Number(begun?.value.expires ?? 0);
  }

  /** Whether `finish` has been sent and its answer was not heard: it is called again without anything. */
  get finishing() {
    return this.#pending.finish !== null;
  }

  /** @returns {Promise<{state: "claimed"|"confirmed"|"failed"|"active", reason?: string}>} */
  status() {
    return this.#caller.call(this.account, "activate/status", { id: this.account.id });
  }

  /**
   * Makes the seed, seals it and puts the token into use. After a failure it may be called again.
   * @param {Choices} [choices]
   * @returns {Promise<Account>}
   */
  async finish(choices = {}) {
    if (!this.#pending.finish) await this.#prepare(choices);
    try {
      await this.#sendFinish();
    } catch (error) {
      await this.#afterFailure(error);
      throw error;
    }
    const account = await this.#intoUse();
    if (choices.bio) wipe(choices.bio.secret);
    return account;
  }

  /** @param {unknown} error */
  async #afterFailure(error) {
    if (!(error instanceof CallError) || NOT_REFUSED.has(error.code)) return;
    await (OVER.has(error.code) ? this.abandon() : this.#keepFinish(null));
  }

  /** @returns {Promise<void>} */
  abandon() {
    return giveUp(this.#caller, this.#pending);
  }

  /**
   * Everything that `finish` says is made once, and kept: a repetition must say the same.
   * @param {Choices} choices
   */
  async #prepare({ pin = null, bio = null, subscription = null, pushWanted = false }) {
    const { account } = this;
    const chosen = account.template.pin.type === "user_selected";
    if (chosen !== (pin !== null)) throw new CoreError("incomplete");
    const { seed, deviceMac, gatewayMac } = await this.#agree();
    const registered = pin === null ? null : await registerPin(this.#caller, account, pin);
    const secrets = { pin: registered?.exportKey ?? null, bio: bio?.secret ?? null };
    Object.assign(account, await sealSeed(account, seed, secrets));
    if (registered) wipe(registered.exportKey);
    account.bio = bio && { credential: bio.credential, prf: bio.prf };
    const endpoint = subscription?.endpoint ?? null;
    Object.assign(account.push, { wanted: pushWanted, subscribed: subscription !== null, endpoint });
    await this.#caller.store.update(account.id, (kept) => { Object.assign(kept, made(account)); });
    const otp = await this.#firstPasscode(seed);
    wipe(seed);
    const record = registered?.record ?? null;
    const fields = { id: account.id, pin: record, push: subscription, push_wanted: pushWanted, otp, mac: deviceMac };
    await this.#keepFinish({ fields, mac: gatewayMac });
  }

  async #sendFinish() {
    try {
      await this.#sendOnce();
    } catch (error) {
      // It lay too long, or the clock has been set right since.
      const late = error instanceof CallError && error.code === "wrong_otp";
      if (!late || !(await this.#withNewPasscode())) throw error;
      await this.#sendOnce();
    }
  }

  async #sendOnce() {
    const { finish } = this.#pending;
    if (!finish) throw new CoreError("incomplete");
    const answered = await this.#caller.call(this.account, "activate/finish", finish.fields);
    const right = same(fromBase64url(String(answered.mac ?? "")), fromBase64url(finish.mac));
    if (!right) throw new CoreError("wrong_mac");
  }

  /** Whether there is one: after a reload the seed is sealed already. */
  async #withNewPasscode() {
    const { finish } = this.#pending;
    if (!finish || !this.#begun) return false;
    const { seed } = await this.#agree();
    const otp = await this.#firstPasscode(seed);
    wipe(seed);
    await this.#keepFinish({ fields: { ...finish.fields, otp }, mac: finish.mac });
    return true;
  }

  /** @param {Bytes} seed */
  #firstPasscode(seed) {
    const time = this.#caller.seconds() + this.account.clockOffset;
    return firstPasscode(this.account.template, seed, time);
  }

  /** @returns {Promise<Agreement>} */
  #agree() {
    if (!this.#begun) throw new CoreError("incomplete");
    return agree(this.#pending.dh, this.account, this.#begun);
  }

  /** @param {PendingActivation["finish"]} finish */
  async #keepFinish(finish) {
    this.#pending = { ...this.#pending, finish };
    await this.#caller.store.setMeta(META, this.#pending);
  }

  async #intoUse() {
    const { account } = this;
    const { store } = this.#caller;
    Object.assign(account, { state: "active", addedAt: this.#caller.seconds() });
    // Another tab may have prepared a `finish` as well, or given up: what the gateway has taken is what is here.
    const kept = await store.update(account.id, (kept) => { Object.assign(kept, made(account)); });
    if (!kept) await store.put(account);
    await store.removeMeta(META);
    return account;
  }
}

/**
 * What an activation makes of an account; its sequence is the store's.
 * @param {Account} account
 */
function made({ state, addedAt, wraps, sealedSeed, bio, push }) {
  return { state, addedAt, wraps, sealedSeed, bio, push };
}

/**
 * `activate/begin`, and the account that comes of it.
 * @param {Caller} caller
 * @param {PendingActivation} pending
 * @param {boolean} first a repeated answer tells the time of the first
 */
async function ask(caller, pending, first) {
  const { begun, ahead } = await sendBegin(caller, pending);
  const kept = pending.id === null ? undefined : await caller.store.account(pending.id);
  // The same key again: its sequence goes on.
  if (kept?.state === "pending") return new Activation(caller, pending, kept, begun);
  const clockOffset = first ? begun.value.now - caller.seconds() : ahead;
  const account = await newAccount(caller, pending, begun.value, clockOffset);
  const named = { ...pending, id: account.id };
  await caller.store.put(account);
  await caller.store.setMeta(META, named);
  return new Activation(caller, named, account, begun);
}

/**
 * @param {Caller} caller
 * @param {PendingActivation} pending
 * @returns {Promise<{begun: Exchange, ahead: number}>} and how far the gateway's clock had to be said to be ahead
 */
async function sendBegin(caller, pending) {
  const send = async (/** @type {number} */ ahead) => {
    const signer = { key: pending.sign, keyid: pending.keyid, sequence: 0, created: caller.seconds() + ahead };
    return { begun: await caller.callSigned(signer, "activate/begin", pending.body), ahead };
  };
  try {
    return await orElse(() => send(0), "clock", ({ now }) => send(Number(now) - caller.seconds()));
  } catch (error) {
    if (error instanceof CallError && OVER.has(error.code)) await giveUp(caller, pending);
    throw error;
  }
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @param {string} code
 * @param {(detail: Record<string, any>) => Promise<T>} again
 */
async function orElse(work, code, again) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CallError && error.code === code) return again(error.detail);
    throw error;
  }
}

/**
 * @param {Caller} caller
 * @param {PendingActivation} pending
 * @param {Record<string, any>} told
 * @param {number} clockOffset
 * @returns {Promise<Account>}
 */
async function newAccount(caller, pending, told, clockOffset) {
  const { id, serial, issuer, account, portal, support = null, template } = told;
  return {
    id, serial, issuer, account, portal, support, template,
    origin: caller.origin,
    keys: { sign: pending.sign },
    kStore: await newStoreKey(),
    salt: random(SALT_LENGTH),
    wraps: {},
    sealedSeed: null,
    stretching: { ...STRETCHING },
    counter: 0,
    sequence: 0,
    clockOffset,
    push: { enabled: told.push.enabled, wanted: false, subscribed: false, vapid: told.push.vapid, endpoint: null },
    bio: null,
    addedAt: caller.seconds(),
    state: "pending",
  };
}

/**
 * @param {string} origin
 * @param {Claim & {device: Device}} claim
 * @returns {Promise<PendingActivation>}
 */
async function newPending(origin, claim) {
  const sign = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const dh = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const shown = "ticket" in claim
    ? { id: claim.ticket.id, ticket: claim.ticket.t }
    : { user: claim.user, code: claim.code };
  const body = {
    v: VERSION,
    ...shown,
    pub_sig: await point(sign.publicKey),
    pub_dh: await point(dh.publicKey),
    nonce: base64url(random(NONCE_LENGTH)),
    device: claim.device,
  };
  return {
    id: null,
    origin,
    body: utf8(JSON.stringify(body)),
    sign: sign.privateKey,
    dh: dh.privateKey,
    keyid: "ticket" in claim ? claim.ticket.id : "",
    finish: null,
  };
}

/** @param {CryptoKey} key */
const point = async (key) => base64url(new Uint8Array(await crypto.subtle.exportKey("raw", key)));

/**
 * @param {Caller} caller
 * @param {PendingActivation|undefined} pending
 */
async function giveUp(caller, pending) {
  if (!pending) return;
  const account = pending.id === null ? undefined : await caller.store.account(pending.id);
  if (account?.state === "pending") await caller.store.remove(account.id);
  await caller.store.removeMeta(META);
}
