import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { test } from "node:test";
import { beginAt, newDevice, PIN } from "./device.js";
import { ORIGIN } from "./gateway.js";
import { available, registerBio, unlockWithBio } from "../core/index.js";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const buffer = (bytes) => Uint8Array.from(bytes).buffer;

/** A platform with one key, that knows PRF or does not. */
class Platform {
  asked = [];
  id = randomBytes(16);
  secret = randomBytes(32);
  pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  willing = true;

  constructor({ prf, atOnce = false }) {
    Object.assign(this, { prf, atOnce });
  }

  #refuse() {
    if (!this.willing) throw Object.assign(new Error("no"), { name: "NotAllowedError" });
  }

  #prfFor(extensions) {
    return buffer(createHash("sha256").update(this.secret).update(extensions.prf.eval.first).digest());
  }

  async create({ publicKey }) {
    this.asked.push(publicKey);
    this.#refuse();
    const results = this.atOnce ? { first: this.#prfFor(publicKey.extensions) } : undefined;
    return {
      rawId: buffer(this.id),
      response: {
        getPublicKey: () => buffer(this.pair.publicKey.export({ format: "der", type: "spki" })),
        getPublicKeyAlgorithm: () => -7,
      },
      getClientExtensionResults: () => (this.prf ? { prf: { enabled: true, results } } : {}),
    };
  }

  async get({ publicKey }) {
    this.asked.push(publicKey);
    this.#refuse();
    const challenge = Buffer.from(publicKey.challenge).toString("base64url");
    const client = Buffer.from(JSON.stringify({ type: "webauthn.get", challenge, origin: ORIGIN }));
    const data = Buffer.concat([sha256(publicKey.rpId), Buffer.from([5, 0, 0, 0, 1])]);
    const signature = sign("sha256", Buffer.concat([data, sha256(client)]), this.pair.privateKey);
    return {
      response: { authenticatorData: buffer(data), clientDataJSON: buffer(client), signature: buffer(signature) },
      getClientExtensionResults: () =>
        (publicKey.extensions.prf ? { prf: { results: { first: this.#prfFor(publicKey.extensions) } } } : {}),
    };
  }
}

async function withBio(platform) {
  const device = newDevice({ biometric: true });
  const activation = await beginAt(device);
  device.gateway.confirm();
  const bio = await registerBio(device.caller, activation.account, platform);
  const account = await activation.finish({ pin: PIN, bio });
  return { ...device, account };
}

for (const atOnce of [true, false]) {
  test(`with PRF the platform opens the seed without the gateway; secret at once: ${atOnce}`, async () => {
    const platform = new Platform({ prf: true, atOnce });
    const { gateway, caller, account } = await withBio(platform);
    const before = gateway.calls.length;
    assert.deepEqual(Buffer.from(await unlockWithBio(caller, account, platform)), gateway.seed());
    assert.equal(gateway.calls.length, before);
    assert.equal(gateway.bio.half, null);
    for (const { extensions } of platform.asked) {
      assert.equal(Buffer.from(extensions.prf.eval.first).toString(), "doorward-authenticator/v1/unlock");
    }
  });
}

test("without PRF the gateway gives its half out for an assertion", async () => {
  const platform = new Platform({ prf: false });
  const { gateway, caller, account } = await withBio(platform);
  assert.deepEqual(Buffer.from(await unlockWithBio(caller, account, platform)), gateway.seed());
  assert.deepEqual(gateway.names().slice(-2), ["bio/challenge", "bio/assert"]);
});

test("the user is verified, by this very device", async () => {
  const platform = new Platform({ prf: false });
  const { caller, account } = await withBio(platform);
  await unlockWithBio(caller, account, platform);
  const [made, asserted] = platform.asked;
  assert.equal(made.rp.id, "authenticator.example.org");
  const { authenticatorAttachment, userVerification } = made.authenticatorSelection;
  assert.deepEqual([authenticatorAttachment, userVerification], ["platform", "required"]);
  assert.equal(asserted.userVerification, "required");
  assert.deepEqual(Buffer.from(asserted.allowCredentials[0].id), platform.id);
});

test("another platform's secret opens nothing", async () => {
  const { caller, account } = await withBio(new Platform({ prf: true }));
  await assert.rejects(unlockWithBio(caller, account, new Platform({ prf: true })), { code: "damaged" });
});

test("a user who turns away is no failure of the PIN", async () => {
  const platform = new Platform({ prf: true });
  const { gateway, caller, account } = await withBio(platform);
  platform.willing = false;
  await assert.rejects(unlockWithBio(caller, account, platform), { code: "cancelled" });
  assert.equal(gateway.failures, 0);
});

test("it is offered only where the platform verifies its user", async () => {
  const says = (answer) => ({
    PublicKeyCredential: { isUserVerifyingPlatformAuthenticatorAvailable: async () => answer },
  });
  assert.equal(await available(says(true)), true);
  assert.equal(await available(says(false)), false);
  assert.equal(await available({}), false);
});
