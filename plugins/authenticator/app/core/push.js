/** Requests: how the device is woken, what waits for an answer, and the answer. */

import { base64url, fromBase64url, hmac, utf8 } from "./bytes.js";
import { CoreError } from "./error.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {import("./types.js").Decision} Decision */
/** @typedef {import("./types.js").PushRequest} PushRequest */
/** @typedef {import("./types.js").PushResult} PushResult */
/** @typedef {import("./types.js").SubscriptionKeys} SubscriptionKeys */

const PROOF = "doorward/push/v1";

/** An answer that is held back comes this many seconds after its time at the latest. */
const SLACK = 15;

/** How long a push service may take to answer the browser, in seconds: one that cannot be reached never does. */
const SERVICE_PATIENCE = 20;

/**
 * The browser's subscription at its push service: one for all accounts.
 * @param {ServiceWorkerRegistration} registration
 * @param {string|null} vapid the gateway's key
 * @returns {Promise<SubscriptionKeys>}
 */
export async function makeSubscription(registration, vapid) {
  if (!registration.pushManager || !vapid) throw new CoreError("unsupported");
  const subscription = await inTime(subscriptionFor(registration.pushManager, fromBase64url(vapid)));
  const keys = keysOf(subscription);
  if (!keys) throw new CoreError("unsupported");
  return keys;
}

/**
 * Switches requests on. Where no push service can be had, they are shown while the app is open.
 * @param {Caller} caller
 * @param {Account} account
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<void>}
 */
export async function subscribe(caller, account, registration) {
  const subscription = await subscriptionOrNone(registration, account.push.vapid);
  await tell(caller, account, subscription, true);
}

/**
 * Switches requests off for this account; the browser's subscription stays for the others.
 * @param {Caller} caller
 * @param {Account} account
 * @returns {Promise<void>}
 */
export const unsubscribe = (caller, account) => tell(caller, account, null, false);

/**
 * Push services end subscriptions without a word, so at each start the gateway is told if there is another now: for one
 * account after the other, since one that gives the browser's subscription up would take it from under the next. What
 * fails for one is nothing to the others, and is tried again at the next start.
 * @param {Caller} caller
 * @param {Account[]} accounts
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<void>}
 */
export async function keepSubscribed(caller, accounts, registration) {
  for (const account of accounts) await keepOneSubscribed(caller, account, registration).catch(() => {});
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {ServiceWorkerRegistration} registration
 */
async function keepOneSubscribed(caller, account, registration) {
  const { enabled, wanted, subscribed, endpoint, vapid } = account.push;
  if (!enabled || !wanted || !(await permitted(registration))) return;
  // What the gateway was told and has forgotten is dead at the push service, whatever the browser thinks.
  if (!subscribed && endpoint !== null) await drop(registration, endpoint);
  const subscription = await makeSubscription(registration, vapid);
  if (!subscribed || subscription.endpoint !== endpoint) await tell(caller, account, subscription, true);
}

/**
 * The requests that wait for an answer. With `wait`, the gateway holds back its answer for so many seconds until there
 * is one.
 * @param {Caller} caller
 * @param {Account} account
 * @param {number} [wait]
 * @param {AbortSignal} [signal]
 * @returns {Promise<PushRequest[]>}
 */
export async function pending(caller, account, wait = 0, signal = undefined) {
  const waiting = { signal, patience: wait + SLACK };
  const answered = await caller.call(account, "push/pending", { id: account.id, wait }, waiting);
  const enabled = answered.push?.enabled ?? account.push.enabled;
  if (enabled !== account.push.enabled) await keepPush(caller, account, { enabled });
  return answered.pending;
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {Pick<PushRequest, "id"|"nonce">} request
 * @param {Decision} decision
 * @param {string|null} [number] as it stands on the page; to approve
 * @param {Bytes|null} [seed] to approve
 * @returns {Promise<PushResult>}
 */
export async function answer(caller, account, request, decision, number = null, seed = null) {
  const approving = decision === "approve";
  if (approving && (number === null || seed === null)) throw new CoreError("incomplete");
  const proof = approving && number !== null && seed !== null ? await proofOf(request, number, seed) : null;
  const { result } = await caller.call(account, "push/answer", {
    id: account.id,
    push: request.id,
    decision,
    number: approving ? number : null,
    proof,
  });
  return result;
}

/**
 * @param {Pick<PushRequest, "id"|"nonce">} request
 * @param {string} number
 * @param {Bytes} seed
 */
async function proofOf({ id, nonce }, number, seed) {
  return base64url(await hmac(seed, utf8([PROOF, id, nonce, number].join("\0"))));
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {SubscriptionKeys|null} subscription
 * @param {boolean} wanted
 */
async function tell(caller, account, subscription, wanted) {
  await caller.call(account, "push/subscription", { id: account.id, subscription, wanted });
  await keepPush(caller, account, {
    wanted,
    subscribed: subscription !== null,
    endpoint: subscription?.endpoint ?? null,
  });
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {Partial<import("./types.js").PushSettings>} changed
 */
async function keepPush(caller, account, changed) {
  Object.assign(account.push, changed);
  await caller.store.update(account.id, (kept) => { Object.assign(kept.push, changed); });
}

/**
 * @param {ServiceWorkerRegistration} registration
 * @param {string|null} vapid
 */
async function subscriptionOrNone(registration, vapid) {
  try {
    return await makeSubscription(registration, vapid);
  } catch (error) {
    if (error instanceof CoreError && error.code !== "denied") return null;
    throw error;
  }
}

/**
 * Gives a subscription up, if it is still the browser's.
 * @param {ServiceWorkerRegistration} registration
 * @param {string} endpoint
 */
async function drop(registration, endpoint) {
  const there = await registration.pushManager?.getSubscription();
  if (there?.endpoint === endpoint) await there.unsubscribe();
}

/** @param {ServiceWorkerRegistration} registration */
async function permitted(registration) {
  const state = await registration.pushManager?.permissionState({ userVisibleOnly: true });
  return state === "granted";
}

/**
 * @param {PushManager} manager
 * @param {Bytes} key
 */
async function subscriptionFor(manager, key) {
  const there = await manager.getSubscription();
  const theirs = there?.options.applicationServerKey;
  if (there && theirs && base64url(new Uint8Array(theirs)) === base64url(key)) return there;
  // A browser refuses a second key beside the first.
  await there?.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/**
 * @param {PushSubscription} subscription
 * @returns {SubscriptionKeys|null}
 */
function keysOf(subscription) {
  const p256dh = subscription.getKey("p256dh");
  const auth = subscription.getKey("auth");
  if (!p256dh || !auth) return null;
  const encoded = (/** @type {ArrayBuffer} */ key) => base64url(new Uint8Array(key));
  return { endpoint: subscription.endpoint, p256dh: encoded(p256dh), auth: encoded(auth) };
}

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTime(work) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  /** @type {Promise<never>} */
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CoreError("unavailable")), SERVICE_PATIENCE * 1000);
  });
  try {
    return await Promise.race([work, over]);
  } catch (cause) {
    throw subscriptionError(cause);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {unknown} cause */
function subscriptionError(cause) {
  if (cause instanceof CoreError) return cause;
  const denied = cause instanceof Error && cause.name === "NotAllowedError";
  return new CoreError(denied ? "denied" : "unavailable", {}, cause);
}
