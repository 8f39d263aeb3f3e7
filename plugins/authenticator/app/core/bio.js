/**
 * Fingerprint or face, by WebAuthn. Where the platform knows the PRF extension, it gives the secret that wraps the
 * seed's key; where it does not, the gateway keeps the secret and gives it out for an assertion.
 */

import { base64url, fromBase64url, random, sha256, utf8, wipe } from "./bytes.js";
import { CoreError } from "./error.js";
import { openSeed, unwrapFor } from "./seal.js";

/** @typedef {import("./call.js").Caller} Caller */
/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").BioRegistration} BioRegistration */
/** @typedef {import("./types.js").Bytes} Bytes */

/** What a credential is asked for; an assertion may come with what PRF gives (WebAuthn level 3). */
/** @typedef {{prf?: {enabled?: boolean, results?: {first?: BufferSource}}}} PrfOutputs */

const PRF_INPUT = "doorward-authenticator/v1/unlock";

/** ES256, and RS256 for Windows Hello. */
const ALGORITHMS = [-7, -257];

/** How long somebody may take, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Whether this device can.
 * @param {{PublicKeyCredential?: typeof PublicKeyCredential}} [scope]
 */
export async function available(scope = globalThis) {
  const kind = scope.PublicKeyCredential;
  if (!kind?.isUserVerifyingPlatformAuthenticatorAvailable) return false;
  try {
    return await kind.isUserVerifyingPlatformAuthenticatorAvailable();
  } catch {
    return false;
  }
}

/**
 * Makes a credential and tells the gateway. The secret goes to `finish`.
 * @param {Caller} caller
 * @param {Account} account
 * @param {CredentialsContainer} [credentials]
 * @returns {Promise<BioRegistration>}
 */
export async function registerBio(caller, account, credentials = globalThis.navigator.credentials) {
  const made = await create(caller, account, credentials);
  const outputs = extensionOutputs(made);
  const credential = base64url(new Uint8Array(made.rawId));
  const prf = outputs.prf?.enabled === true;
  // Most platforms give the secret only when they are asked again.
  const atOnce = bytesOf(outputs.prf?.results?.first);
  const ofPlatform = prf && (atOnce ?? (await prfSecret(caller, credential, credentials)));
  const body = { id: account.id, credential, ...publicKey(made), prf };
  const { half } = await caller.call(account, "bio/register", body);
  return { credential, prf, secret: ofPlatform || fromBase64url(half) };
}

/**
 * The seed, by fingerprint or face. The caller wipes it.
 * @param {Caller} caller
 * @param {Account} account
 * @param {CredentialsContainer} [credentials]
 * @returns {Promise<Bytes>}
 */
export async function unlockWithBio(caller, account, credentials = globalThis.navigator.credentials) {
  const { bio, wraps } = account;
  if (!bio || !wraps.bio) throw new CoreError("damaged");
  const secret = bio.prf
    ? await prfSecret(caller, bio.credential, credentials)
    : await halfKey(caller, account, bio.credential, credentials);
  const seedKey = await unwrapFor(account, "bio", secret, wraps.bio);
  wipe(secret);
  try {
    return await openSeed(account, seedKey);
  } finally {
    wipe(seedKey);
  }
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {CredentialsContainer} credentials
 */
async function create(caller, account, credentials) {
  const publicKey = {
    rp: { id: relyingParty(caller), name: account.issuer },
    user: { id: await sha256(utf8(account.id)), name: account.account, displayName: account.account },
    challenge: random(32),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: /** @type {const} */ ("public-key"), alg })),
    authenticatorSelection: {
      authenticatorAttachment: /** @type {const} */ ("platform"),
      residentKey: /** @type {const} */ ("preferred"),
      userVerification: /** @type {const} */ ("required"),
    },
    timeout: PATIENCE,
    extensions: prfExtension(),
  };
  return asked(() => credentials.create({ publicKey }));
}

/**
 * @param {Caller} caller
 * @param {string} credential
 * @param {Bytes} challenge
 * @param {CredentialsContainer} credentials
 * @param {AuthenticationExtensionsClientInputs} extensions
 */
function assertion(caller, credential, challenge, credentials, extensions) {
  const publicKey = {
    rpId: relyingParty(caller),
    challenge,
    allowCredentials: [{ type: /** @type {const} */ ("public-key"), id: fromBase64url(credential) }],
    userVerification: /** @type {const} */ ("required"),
    timeout: PATIENCE,
    extensions,
  };
  return asked(() => credentials.get({ publicKey }));
}

/**
 * @param {Caller} caller
 * @param {string} credential
 * @param {CredentialsContainer} credentials
 * @returns {Promise<Bytes>}
 */
async function prfSecret(caller, credential, credentials) {
  // Nobody looks at this assertion: what it opens proves it.
  const given = await assertion(caller, credential, random(32), credentials, prfExtension());
  const secret = bytesOf(extensionOutputs(given).prf?.results?.first);
  if (!secret) throw new CoreError("unsupported");
  return secret;
}

/**
 * @param {Caller} caller
 * @param {Account} account
 * @param {string} credential
 * @param {CredentialsContainer} credentials
 * @returns {Promise<Bytes>}
 */
async function halfKey(caller, account, credential, credentials) {
  const { challenge } = await caller.call(account, "bio/challenge", { id: account.id });
  const given = await assertion(caller, credential, fromBase64url(challenge), credentials, {});
  const response = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  const { half } = await caller.call(account, "bio/assert", {
    id: account.id,
    authenticator_data: encoded(response.authenticatorData),
    client_data: encoded(response.clientDataJSON),
    signature: encoded(response.signature),
  });
  return fromBase64url(half);
}

/** @param {PublicKeyCredential} made */
function publicKey(made) {
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  const key = response.getPublicKey();
  if (!key) throw new CoreError("unsupported");
  return { public_key: encoded(key), algorithm: response.getPublicKeyAlgorithm() };
}

/**
 * The user may turn away, and a platform may refuse; which of both it was is not told.
 * @param {() => Promise<Credential|null>} ask
 * @returns {Promise<PublicKeyCredential>}
 */
async function asked(ask) {
  let given;
  try {
    given = await ask();
  } catch (cause) {
    const unknown = cause instanceof Error && cause.name === "NotSupportedError";
    throw new CoreError(unknown ? "unsupported" : "cancelled", {}, cause);
  }
  if (!given) throw new CoreError("cancelled");
  return /** @type {PublicKeyCredential} */ (given);
}

/** @param {Caller} caller */
const relyingParty = (caller) => new URL(caller.origin).hostname;

/** @returns {AuthenticationExtensionsClientInputs} */
function prfExtension() {
  const inputs = { prf: { eval: { first: utf8(PRF_INPUT) } } };
  return /** @type {AuthenticationExtensionsClientInputs} */ (inputs);
}

/** @param {PublicKeyCredential} credential */
const extensionOutputs = (credential) => /** @type {PrfOutputs} */ (credential.getClientExtensionResults());

/**
 * @param {BufferSource|undefined} source
 * @returns {Bytes|null}
 */
function bytesOf(source) {
  if (!source) return null;
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice();
}

/** @param {ArrayBuffer} buffer */
const encoded = (buffer) => base64url(new Uint8Array(buffer));
