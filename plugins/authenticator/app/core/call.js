/** Calls to the gateway, signed by the device's key with HTTP Message Signatures (RFC 9421). */

import { base64, base64url, random, sha256, text, utf8 } from "./bytes.js";
import { CoreError } from "./error.js";

/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").AccountState} AccountState */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Store} Store */

/**
 * Who signs, and what a signature is about besides the body.
 * @typedef {Object} Signer
 * @property {CryptoKey} key
 * @property {string} keyid token id; empty where a code was typed
 * @property {number} sequence 0 where the call is not counted
 * @property {number} created seconds by the gateway's clock
 */

/** @typedef {{value: any, sent: Bytes, received: Bytes}} Exchange A call that was answered, both to the byte. */

/** @typedef {{signal?: AbortSignal, patience?: number}} Waiting */

const LABEL = "doorward";
const ALGORITHM = "ecdsa-p256-sha256";
const COVERED = ["@method", "@target-uri", "content-digest", "doorward-sequence"];

/** They change nothing that a copy of the device could misuse, and stand in no order. */
const NOT_COUNTED = new Set(["activate/begin", "activate/status", "push/pending"]);

/** A call that has no answer after so many seconds has failed. */
const PATIENCE = 20;

/** Clocks that differ by so many seconds are not put right: the way of an answer takes as long. */
const CLOCK_TOLERANCE = 2;

/** How an account stands once the gateway has refused its call by one of these. */
const REFUSED_STATES = new Map([
  ["locked", /** @type {AccountState} */ ("locked_pin")],
  ["suspended", /** @type {AccountState} */ ("suspended")],
  ["gone", /** @type {AccountState} */ ("gone")],
  // Nothing is destroyed for that: a gateway that was set back, or is set up wrongly, may know it again.
  ["not_found", /** @type {AccountState} */ ("unknown")],
]);

/** The gateway's refusal, or its silence. */
export class CallError extends CoreError {
  /**
   * @param {number} status 0 where nothing was answered
   * @param {string} code
   * @param {Record<string, any>} [detail]
   * @param {unknown} [cause]
   */
  constructor(status, code, detail = {}, cause = undefined) {
    super(code, detail, cause);
    this.name = "CallError";
    this.status = status;
  }
}

export class Caller {
  /**
   * @param {Object} world
   * @param {string} world.origin the authenticator's own origin
   * @param {Store} world.store
   * @param {typeof globalThis.fetch} [world.fetch]
   * @param {LockManager|null} [world.locks]
   * @param {() => number} [world.now] milliseconds
   */
  constructor({ origin, store, fetch = globalThis.fetch, locks = globalThis.navigator?.locks, now = Date.now }) {
    this.origin = origin;
    this.store = store;
    this.now = now;
    // A browser's own `fetch` does not bear being called as a method of something else.
    this.send = /** @type {typeof globalThis.fetch} */ ((input, init) => fetch(input, init));
    this.locks = locks ?? null;
    /** @type {Map<string, Promise<unknown>>} */
    this.chains = new Map();
  }

  /** Seconds by this device's clock. */
  seconds() {
    return Math.floor(this.now() / 1000);
  }

  /**
   * Calls in the name of an account, after every call of this account that began before.
   * @param {Account} account
   * @param {string} name
   * @param {Record<string, unknown>} body
   * @param {Waiting} [waiting]
   * @returns {Promise<any>}
   */
  async call(account, name, body, waiting) {
    const bytes = utf8(JSON.stringify(body));
    const counted = !NOT_COUNTED.has(name);
    const speak = () => this.#withClockSetRight(account, () => this.#speak(account, name, bytes, counted, waiting));
    try {
      return await (counted ? this.#inTurn(account.id, speak) : speak());
    } catch (error) {
      await this.#noteRefusal(account, error);
      throw error;
    }
  }

  /**
   * Calls without a signature.
   * @param {string} name
   * @param {Record<string, unknown>} body
   * @returns {Promise<any>}
   */
  async callUnsigned(name, body) {
    const { value } = await this.exchange(name, utf8(JSON.stringify(body)), {});
    return value;
  }

  /**
   * Calls with a signature and no account.
   * @param {Signer} signer
   * @param {string} name
   * @param {Bytes} body
   * @param {Waiting} [waiting]
   * @returns {Promise<Exchange>}
   */
  async callSigned(signer, name, body, waiting) {
    const headers = await signatureHeaders(this.target(name), body, signer);
    return this.exchange(name, body, headers, waiting);
  }

  /**
   * One request and its answer.
   * @param {string} name
   * @param {Bytes} sent
   * @param {Record<string, string>} headers
   * @param {Waiting} [waiting]
   * @returns {Promise<Exchange>}
   */
  async exchange(name, sent, headers, { signal, patience = PATIENCE } = {}) {
    const ends = endingAfter(patience, signal);
    let response, received;
    try {
      response = await this.send(this.target(name), {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: sent,
        cache: "no-store",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: ends.signal,
      });
      received = new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      throw new CallError(0, signal?.aborted ? "aborted" : "offline", {}, cause);
    } finally {
      ends.forget();
    }
    const value = readObject(received);
    if (response.ok && value) return { value, sent, received };
    throw refusal(response.status, value);
  }

  /** @param {string} name */
  target(name) {
    return `${this.origin}/a/v1/${name}`;
  }

  /**
   * Keeps how far the gateway's clock is ahead.
   * @param {Account} account
   * @param {unknown} now seconds by the gateway's clock
   */
  async learnClock(account, now) {
    if (typeof now !== "number") return;
    const offset = now - this.seconds();
    if (Math.abs(offset - account.clockOffset) <= CLOCK_TOLERANCE) return;
    account.clockOffset = offset;
    await this.store.update(account.id, (kept) => { kept.clockOffset = offset; });
  }

  /**
   * @param {Account} account
   * @param {string} name
   * @param {Bytes} body
   * @param {boolean} counted
   * @param {Waiting} [waiting]
   */
  async #speak(account, name, body, counted, waiting) {
    const sequence = counted ? await this.store.raise(account.id, "sequence") : 0;
    if (counted) account.sequence = sequence;
    const created = this.seconds() + account.clockOffset;
    const signer = { key: account.keys.sign, keyid: account.id, sequence, created };
    const { value } = await this.callSigned(signer, name, body, waiting);
    await this.learnClock(account, value.now);
    return value;
  }

  /**
   * @template T
   * @param {Account} account
   * @param {() => Promise<T>} speak
   */
  async #withClockSetRight(account, speak) {
    try {
      return await speak();
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== "clock") throw error;
      await this.learnClock(account, error.detail.now);
      return speak();
    }
  }

  /**
   * One after the other, in every tab: the gateway takes a number that comes too late for a copy's.
   * @template T
   * @param {string} id
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(id, work) {
    const name = `doorward-call-${id}`;
    if (this.locks) return /** @type {Promise<T>} */ (this.locks.request(name, work));
    const before = this.chains.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.chains.set(name, mine);
    return mine;
  }

  /**
   * @param {Account} account
   * @param {unknown} error
   */
  async #noteRefusal(account, error) {
    const state = error instanceof CallError ? REFUSED_STATES.get(error.code) : undefined;
    if (state && account.state !== "pending") await keepState(this.store, account, state);
  }
}

/**
 * @param {Store} store
 * @param {Account} account
 * @param {AccountState} state
 */
export async function keepState(store, account, state) {
  const change = (/** @type {Account} */ kept) => {
    kept.state = state;
    if (state !== "locked_pin" && state !== "gone") return;
    // For good, and the gateway has destroyed its half: what is left is of no use to anybody.
    kept.wraps = {};
    kept.sealedSeed = null;
  };
  change(account);
  await store.update(account.id, change);
}

/**
 * The header fields that sign a call.
 * @param {string} target
 * @param {Bytes} body
 * @param {Signer} signer
 * @returns {Promise<Record<string, string>>}
 */
async function signatureHeaders(target, body, signer) {
  const digest = `sha-256=:${base64(await sha256(body))}:`;
  const sequence = String(signer.sequence);
  const params = signatureParams({ created: signer.created, nonce: base64url(random(16)), keyid: signer.keyid });
  const base = signatureBase({ target, digest, sequence }, params);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer.key, utf8(base));
  return {
    "Content-Digest": digest,
    "Doorward-Sequence": sequence,
    "Signature-Input": `${LABEL}=${params}`,
    "Signature": `${LABEL}=:${base64(new Uint8Array(signature))}:`,
  };
}

/** @param {{created: number, nonce: string, keyid: string}} params */
export function signatureParams({ created, nonce, keyid }) {
  const covered = COVERED.map((component) => `"${component}"`).join(" ");
  return `(${covered});created=${created};nonce="${nonce}";keyid="${keyid}";alg="${ALGORITHM}"`;
}

/**
 * What is signed (RFC 9421 2.5).
 * @param {{target: string, digest: string, sequence: string}} message
 * @param {string} params
 */
export function signatureBase({ target, digest, sequence }, params) {
  return [
    `"@method": POST`,
    `"@target-uri": ${target}`,
    `"content-digest": ${digest}`,
    `"doorward-sequence": ${sequence}`,
    `"@signature-params": ${params}`,
  ].join("\n");
}

/**
 * @param {Uint8Array} bytes
 * @returns {Record<string, any>|null}
 */
function readObject(bytes) {
  try {
    const value = JSON.parse(text(bytes));
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/**
 * @param {number} status
 * @param {Record<string, any>|null} value
 */
function refusal(status, value) {
  // No JSON, or none of the gateway's: something else answers in its place.
  if (typeof value?.error !== "string") return new CallError(status, "unavailable");
  const { error, ...detail } = value;
  return new CallError(status, error, detail);
}

/**
 * A signal that ends a call after a while, or when another does.
 * @param {number} patience seconds
 * @param {AbortSignal} [other]
 */
function endingAfter(patience, other) {
  const controller = new AbortController();
  const end = () => controller.abort();
  const timer = setTimeout(end, patience * 1000);
  other?.addEventListener("abort", end, { once: true });
  if (other?.aborted) end();
  const forget = () => {
    clearTimeout(timer);
    other?.removeEventListener("abort", end);
  };
  return { signal: controller.signal, forget };
}
