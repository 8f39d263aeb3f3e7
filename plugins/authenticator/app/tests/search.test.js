/**
 * What a thief can find out about the PIN without the gateway: nothing.
 *
 * The thief has all that ever lay on the device, the key that the browser calls "not extractable" among it, and every
 * message of the registration and of one unlock. What can be tried is the whole of this:
 *
 *   1. keys made from a PIN and what lies there, against what lies sealed there;
 *   2. the same in place of what OPAQUE makes of PIN and gateway, against the recorded messages;
 *   3. a login begun anew, or all of it anew but the gateway's words, finished with the recorded answer.
 *
 * There is no fourth, since of a PIN only H(PIN) to the power of a random number went out, and what came back is that
 * to the power of a key that the gateway keeps: to every PIN belongs a random number with which the messages are just
 * these. So in 3 what comes out for one PIN is as random as for any other, and it is enough to see that the right one
 * fails as the others do. It takes the dear stretching; in 1, 2 and in 3 with a cheap one every PIN is tried.
 *
 * The last test is the control: with the random number of the device, which lies nowhere, the search finds the PIN.
 */

import assert from "node:assert/strict";
import { createDecipheriv, createHash, createHmac, hkdfSync, KeyObject, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { client } from "../vendor/opaque.js";
import { Caller, unlockWithPin } from "../core/index.js";
import { activated, beginAt, newDevice, PIN } from "./device.js";
import { ORIGIN } from "./gateway.js";

const PINS = Array.from({ length: 10_000 }, (_, number) => String(number).padStart(4, "0"));
const SAMPLE = [PIN, "0000", "1234", "8052"];
const CHEAP = { "argon2id-custom": { iterations: 1, memory: 8, parallelism: 1 } };
const PREFIX = "doorward-authenticator/v1";

const bytes = (text) => Buffer.from(text, "base64url");
const hash = (name, ...parts) => parts.reduce((hash, part) => hash.update(part), createHash(name)).digest();
const hmac = (name, key, text) => createHmac(name, key).update(text).digest();

/** What AES-GCM opens; null where it opens nothing. */
function opened(key, sealed, about) {
  const [iv, text, tag] = [sealed.subarray(0, 12), sealed.subarray(12, -16), sealed.subarray(-16)];
  const cipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(about)).setAuthTag(tag);
  try {
    return Buffer.concat([cipher.update(text), cipher.final()]);
  } catch {
    return null;
  }
}

/** A device that was unlocked once, and then stolen; and all that was ever said. */
async function loot() {
  const { gateway, store } = newDevice();
  const answers = new Map();
  const fetch = async (target, init) => {
    const answer = await gateway.fetch(target, init);
    answers.set(target.split("/a/v1/")[1], await answer.clone().json());
    return answer;
  };
  const caller = new Caller({ origin: ORIGIN, store, fetch, locks: null });
  const activation = await beginAt({ caller, gateway });
  gateway.confirm();
  const account = await activation.finish({ pin: PIN });
  await unlockWithPin(caller, account, PIN);
  const said = (name) => gateway.last(name).body;
  return {
    kept: await store.account(account.id),
    request: said("pin/register").request,
    response: answers.get("pin/register").response,
    record: said("activate/finish").pin,
    ke1: said("pin/unlock/1").ke1,
    ke2: answers.get("pin/unlock/1").ke2,
    ke3: said("pin/unlock/2").ke3,
  };
}

const stolen = await loot();

/** What lies sealed on the device, but for the layer that its own key takes off: each with what it is bound to. */
function sealedBlobs({ kept }) {
  const kStore = KeyObject.from(kept.kStore).export();
  const taken = (wrap) => opened(kStore, Buffer.from(wrap), `${PREFIX}/store\0${kept.id}`);
  const wraps = Object.values(kept.wraps).map(taken);
  assert.ok(wraps.length > 0 && wraps.every(Boolean), "the device's own key is no secret to a thief");
  const seed = { sealed: Buffer.from(kept.sealedSeed), about: `${PREFIX}/seed\0${kept.id}` };
  return [...wraps.map((sealed) => ({ sealed, about: `${PREFIX}/pin\0${kept.id}` })), seed];
}

/** Secrets that a PIN and what lies there give without the gateway. */
function secretsOf(pin, { salt }) {
  const text = Buffer.from(pin);
  const stretched = pbkdf2Sync(text, salt, 1, 64, "sha512");
  return [text, hash("sha512", text), hash("sha512", salt, text), hmac("sha512", salt, text), stretched];
}

/** Keys of 32 bytes from such a secret: as it is, and as the app makes its keys. */
function keysOf(secret, { salt, id }) {
  const derived = ["wrap/pin", "pin", "store", "seed"].map((what) =>
    Buffer.from(hkdfSync("sha256", secret, salt, `${PREFIX}/${what}\0${id}`, 32)));
  const plain = Buffer.alloc(32);
  secret.copy(plain);
  return [plain, ...derived];
}

test("no key that a PIN gives by itself opens anything that lies on the device", () => {
  const { kept } = stolen;
  const blobs = sealedBlobs(stolen);
  for (const pin of PINS) {
    const keys = secretsOf(pin, kept).flatMap((secret) => keysOf(secret, kept));
    const found = blobs.filter(({ sealed, about }) => keys.some((key) => opened(key, sealed, about)));
    assert.deepEqual(found, [], pin);
  }
});

/**
 * What was said, in its parts (RFC 9807 5.1, 6.1). The record: the client's key (32 bytes), masking key (64), envelope
 * (96). The answer: evaluation (32), masking nonce (32), and masked: the server's key (32), envelope (96).
 */
function parts({ record, ke2 }) {
  const [registered, answer] = [bytes(record), bytes(ke2)];
  const [maskingKey, envelope] = [registered.subarray(32, 96), registered.subarray(96)];
  return { maskingKey, envelope, nonce: answer.subarray(32, 64), masked: answer.subarray(64, 192) };
}

/** HKDF-Expand with SHA-512. */
function expand(secret, text, length) {
  const blocks = [];
  for (let at = 1; blocks.length * 64 < length; at += 1) {
    blocks.push(hmac("sha512", secret, Buffer.concat([blocks.at(-1) ?? Buffer.alloc(0), text, Buffer.from([at])])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

test("no PIN by itself gives what was said at the registration and at the unlock", () => {
  const { maskingKey, envelope, nonce, masked } = parts(stolen);
  const pad = expand(maskingKey, Buffer.concat([nonce, Buffer.from("CredentialResponsePad")]), masked.length);
  const unmasked = Buffer.from(masked.map((byte, at) => byte ^ pad[at]));
  assert.deepEqual(unmasked.subarray(32), envelope, "the parts are where they are looked for");
  for (const pin of PINS) {
    const given = secretsOf(pin, stolen.kept).map((secret) => expand(secret, Buffer.from("MaskingKey"), 64));
    assert.ok(!given.some((key) => key.equals(maskingKey)), pin);
  }
});

const finished = (clientLoginState, loginResponse, password, keyStretching) =>
  client.finishLogin({ clientLoginState, loginResponse, password, keyStretching });

test("no login that is begun anew is finished by the recorded answer", () => {
  const dear = { "argon2id-custom": stolen.kept.stretching };
  for (const pin of SAMPLE) {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password: pin });
    assert.notEqual(startLoginRequest, stolen.ke1);
    assert.equal(finished(clientLoginState, stolen.ke2, pin, dear), undefined, pin);
  }
  const { clientLoginState } = client.startLogin({ password: PIN });
  for (const pin of PINS) assert.equal(finished(clientLoginState, stolen.ke2, pin, CHEAP), undefined, pin);
});

test("nor does a registration that is begun anew, with the recorded answer, give a key that opens anything", () => {
  const { kept, response, ke2 } = stolen;
  const dear = { "argon2id-custom": kept.stretching };
  // A registration that is begun anew and finished by the recorded answer gives another key than the one that opens.
  const blobs = sealedBlobs(stolen);
  for (const pin of SAMPLE) {
    const { clientRegistrationState } = client.startRegistration({ password: pin });
    const { exportKey } = client.finishRegistration({
      password: pin, registrationResponse: response, clientRegistrationState, keyStretching: dear,
    });
    const keys = keysOf(bytes(exportKey), kept);
    assert.ok(!blobs.some(({ sealed, about }) => keys.some((key) => opened(key, sealed, about))), pin);
    // The evaluation of the registration, with the rest of what was said at the unlock.
    const { clientLoginState } = client.startLogin({ password: pin });
    const mixed = Buffer.concat([bytes(response).subarray(0, 32), bytes(ke2).subarray(32)]).toString("base64url");
    assert.equal(finished(clientLoginState, mixed, pin, dear), undefined, pin);
  }
});

test("nothing that lies on the device is the random number of a login or a registration", () => {
  const readable = (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64url") : value);
  const text = JSON.stringify(stolen.kept, readable);
  const names = ["State", "ke1", "ke2", "ke3", "record", "exportKey", "sessionKey"];
  const { request, response, record, ke1, ke2, ke3 } = stolen;
  // Names as names: short ones stand in random values by chance.
  for (const name of names) assert.ok(!text.includes(`${name}":`), name);
  for (const part of [request, response, record, ke1, ke2, ke3]) assert.ok(!text.includes(part), part);
});

test("the control: with the random number of the device, which lies nowhere, the search finds the PIN", async () => {
  const { gateway, caller, account } = await activated();
  const { clientLoginState, startLoginRequest } = client.startLogin({ password: PIN });
  const { ke2 } = await caller.call(account, "pin/unlock/1", { id: account.id, ke1: startLoginRequest });
  const dear = { "argon2id-custom": account.stretching };
  const right = SAMPLE.filter((pin) => finished(clientLoginState, ke2, pin, dear));
  assert.deepEqual(right, [PIN]);
  assert.equal(gateway.failures, 1, "and it was counted");
});
