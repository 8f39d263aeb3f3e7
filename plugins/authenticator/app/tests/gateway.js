/**
 * The gateway's half, as small as it goes: written from PROTOCOL.md alone, with Node's own cryptography and none of the
 * core's.
 * What the device sends is judged here; what it is answered can be spoiled by a test.
 */

import {
  createECDH, createHash, createHmac, createPublicKey, hkdfSync, randomBytes, verify, webcrypto,
} from "node:crypto";
import { ready, server } from "../vendor/opaque.js";

// Node 18 has it, and does not show it.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
await ready;

export const ORIGIN = "https://authenticator.example.org";
const LINE = /^doorward=(\((.*)\);created=(\d+);nonce="([\w-]+)";keyid="([\w-]*)";alg="ecdsa-p256-sha256")$/;
const COMPONENTS = '"@method" "@target-uri" "content-digest" "doorward-sequence"';
const KNOWN = { serial: "DW-1", issuer: "Example", account: "alice" };
const OPAQUE_SETUP = server.createSetup();

const refused = (status, error, more = {}) => ({ status, body: { error, ...more } });
const b64u = (bytes) => Buffer.from(bytes).toString("base64url");
const bytes = (text) => Buffer.from(text, "base64url");
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

export const template = (changes = {}) => ({
  mode: "quick_log", algorithm: "SHA256", digits: 6, period: 30, event: false, ocra: null, biometric: false, ...changes,
  pin: {
    type: "user_selected", min_length: 4, max_length: 8, allow_trivial: false, complexity: "decimal", max_attempts: 3,
    ...changes.pin,
  },
});

/** A token at the gateway, and everything that was said to it. */
export class Gateway {
  id = "4f2d2c5e0d6c4a9f";
  ticket = b64u(randomBytes(32));
  code = "7Q2MK94TABCD";
  user = "alice";
  state = "issued";
  sequence = 0;
  failures = 0;
  push = null;
  bio = null;
  pending = [];
  calls = [];
  /** How far its clock is ahead of the device's. */
  ahead = 0;
  /** Spoils: by the name of a call, what happens instead; each is used once. */
  spoils = new Map();

  constructor(changes = {}) {
    this.template = template(changes);
    this.fetch = this.fetch.bind(this);
  }

  now() {
    return Math.floor(Date.now() / 1000) + this.ahead;
  }

  async fetch(target, init) {
    const name = target.slice(`${ORIGIN}/a/v1/`.length);
    const sent = Buffer.from(init.body);
    const headers = new Headers(init.headers);
    this.calls.push({ name, body: JSON.parse(sent), headers });
    const spoil = this.spoils.get(name);
    this.spoils.delete(name);
    if (spoil === "unheard") throw new TypeError("network");
    const answered = typeof spoil === "object" ? spoil : this.#answer(name, target, sent, headers);
    if (spoil === "answer lost") throw new TypeError("network");
    const body = Buffer.from(JSON.stringify(answered.body));
    if (name === "activate/begin" && answered.status === 200) this.begun ??= { sent, received: body };
    return new Response(body, { status: answered.status });
  }

  last(name) {
    return this.calls.findLast((call) => call.name === name);
  }

  names() {
    return this.calls.map((call) => call.name);
  }

  #answer(name, target, sent, headers) {
    const body = JSON.parse(sent);
    if (name === "here") return { status: 200, body: { known: [KNOWN] } };
    if (name === "activate/handoff") return this.#handoff(body);
    const key = name === "activate/begin" ? body.pub_sig : this.key;
    const fault = this.#faultOfSignature(name, target, sent, headers, key);
    if (fault) return fault;
    const answers = {
      "activate/begin": () => this.#begin(body),
      "activate/status": () => ({ state: this.state }),
      "activate/finish": () => this.#finish(body, sent),
      "pin/register": () => this.#pinRegister(body),
      "pin/unlock/1": () => this.#unlock1(body),
      "pin/unlock/2": () => this.#unlock2(body),
      "pin/unlock/failed": () => this.#unlockFailed(),
      "pin/change": () => this.#pinChange(body),
      "bio/register": () => this.#bioRegister(body),
      "bio/challenge": () => ({ challenge: (this.challenge = b64u(randomBytes(32))) }),
      "bio/assert": () => this.#bioAssert(body),
      "push/subscription": () => ((this.push = { subscription: body.subscription, wanted: body.wanted }), {}),
      "push/pending": () => ({ pending: this.pending, now: this.now(), push: { enabled: true } }),
      "push/answer": () => this.#pushAnswer(body),
      "token": () => this.#token(),
      "token/release": () => this.#release(body),
    };
    const answer = answers[name]();
    return answer.status ? answer : { status: 200, body: answer };
  }

  #faultOfSignature(name, target, sent, headers, key) {
    const [, params, components, created, nonce, keyid] = LINE.exec(headers.get("signature-input")) ?? [];
    const digest = `sha-256=:${sha256(sent).toString("base64")}:`;
    const sequence = headers.get("doorward-sequence");
    const base = [
      '"@method": POST', `"@target-uri": ${target}`, `"content-digest": ${digest}`,
      `"doorward-sequence": ${sequence}`, `"@signature-params": ${params}`,
    ].join("\n");
    const [, signature] = /^doorward=:(.*):$/.exec(headers.get("signature")) ?? [];
    const right = components === COMPONENTS && headers.get("content-digest") === digest && bytes(nonce).length === 16
      && verify("sha256", base, { key: publicKey(key), dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64"));
    const typed = name === "activate/begin" && JSON.parse(sent).code !== undefined;
    if (!right || keyid !== (typed ? "" : this.id)) return refused(401, "signature");
    if (Math.abs(Number(created) - this.now()) > 60) return refused(401, "clock", { now: this.now() });
    return this.#faultOfSequence(name, Number(sequence));
  }

  #faultOfSequence(name, sequence) {
    const counted = !["activate/begin", "activate/status", "push/pending"].includes(name);
    if (!counted) return sequence === 0 ? null : refused(400, "malformed");
    if (sequence <= this.sequence) return refused(409, "sequence");
    this.sequence = sequence;
    return null;
  }

  #handoff({ id, ticket }) {
    if (id !== this.id || ticket !== this.ticket) return refused(404, "not_found");
    this.ticket = b64u(randomBytes(32));
    return { status: 200, body: { ticket: this.ticket } };
  }

  #begin(body) {
    const shown = body.code !== undefined
      ? body.user === this.user && body.code === this.code
      : body.id === this.id && body.ticket === this.ticket;
    if (!shown) return refused(404, "not_found");
    if (this.state === "active" || (this.key && this.key !== body.pub_sig)) return refused(409, "already_used");
    this.key = body.pub_sig;
    if (this.begun) return JSON.parse(this.begun.received);
    this.state = "claimed";
    const ecdh = createECDH("prime256v1");
    ecdh.generateKeys();
    const nonce = randomBytes(16);
    this.shared = ecdh.computeSecret(bytes(body.pub_dh));
    this.salt = Buffer.concat([bytes(body.nonce), nonce]);
    return {
      id: this.id, pub_dh: b64u(ecdh.getPublicKey()), nonce: b64u(nonce), check: "4821", expires: this.now() + 600,
      now: this.now(), issuer: "Example", account: this.user, serial: "DW-7Q2M-K94T",
      portal: "https://portal.example.org", support: null, template: this.template,
      push: { enabled: true, vapid: b64u(ecdh.getPublicKey()) },
    };
  }

  confirm() {
    this.state = "confirmed";
  }

  seed() {
    const length = { SHA1: 20, SHA256: 32, SHA512: 64 }[this.template.algorithm];
    return this.#derive("seed", length);
  }

  #derive(what, length) {
    const info = `doorward-authenticator/v1/${what}\0${this.id}`;
    return Buffer.from(hkdfSync("sha256", this.shared, this.salt, info, length));
  }

  #mac(side) {
    const transcript = sha256(this.begun.sent, this.begun.received);
    return b64u(createHmac("sha256", this.#derive("confirm", 32)).update(`${side}\0`).update(transcript).digest());
  }

  #finish(body, sent) {
    if (this.state === "active" && this.finished?.equals(sent)) return { state: "active", mac: this.#mac("gateway") };
    if (this.state !== "confirmed") return refused(409, "not_now");
    if (body.mac !== this.#mac("device")) return refused(422, "wrong_mac");
    if (!this.passcodes().includes(body.otp)) return refused(422, "wrong_otp");
    if ((body.pin !== null) !== (this.template.pin.type === "user_selected")) return refused(400, "malformed");
    Object.assign(this, { state: "active", record: body.pin, finished: sent });
    this.push = { subscription: body.push, wanted: body.push_wanted };
    return { state: "active", mac: this.#mac("gateway") };
  }

  /** The passcodes of this moment, or of the first counter, or the answer to eight zeros. */
  passcodes(question = "00000000") {
    const { mode, ocra, event, period } = this.template;
    if (mode === "challenge_response") {
      const hex = BigInt(question).toString(16).padEnd(256, "0");
      return [this.#decimal(Buffer.concat([Buffer.from(`${ocra}\0`), Buffer.from(hex, "hex")]))];
    }
    const step = Math.floor(this.now() / (period ?? 1));
    return event ? [this.passcodeAt(0)] : [step - 1, step, step + 1].map((at) => this.passcodeAt(at));
  }

  passcodeAt(counter) {
    const message = Buffer.alloc(8);
    message.writeBigUInt64BE(BigInt(counter));
    return this.#decimal(message);
  }

  #decimal(message) {
    const { algorithm, digits } = this.template;
    const mac = createHmac(algorithm, this.seed()).update(message).digest();
    const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
    return String(number % 10 ** digits).padStart(digits, "0");
  }

  #pinRegister({ request }) {
    const unlocked = this.state === "active" && this.unlocked;
    if (this.state !== "confirmed" && !unlocked) return refused(409, "not_now");
    const { registrationResponse } = server.createRegistrationResponse({
      serverSetup: OPAQUE_SETUP, userIdentifier: this.id, registrationRequest: request,
    });
    return { response: registrationResponse };
  }

  #unlock1({ ke1 }) {
    if (this.state === "locked_pin" || this.failures > this.template.pin.max_attempts) return this.#lock();
    this.failures += 1;
    const { serverLoginState, loginResponse } = server.startLogin({
      serverSetup: OPAQUE_SETUP, userIdentifier: this.id, registrationRecord: this.record, startLoginRequest: ke1,
    });
    this.login = serverLoginState;
    return { ke2: loginResponse, attempts_left: this.#left() };
  }

  #unlock2({ ke3 }) {
    server.finishLogin({ serverLoginState: this.login, finishLoginRequest: ke3 });
    this.failures = 0;
    this.unlocked = true;
    return {};
  }

  #unlockFailed() {
    return this.failures > this.template.pin.max_attempts ? this.#lock() : { attempts_left: this.#left() };
  }

  #left() {
    return Math.max(0, this.template.pin.max_attempts - this.failures);
  }

  #lock() {
    Object.assign(this, { state: "locked_pin", record: null });
    return refused(423, "locked");
  }

  #pinChange({ record }) {
    if (!this.unlocked) return refused(409, "not_now");
    this.record = record;
    return {};
  }

  #bioRegister({ credential, public_key, algorithm, prf }) {
    if (!this.template.biometric) return refused(403, "not_allowed");
    const half = prf ? null : b64u(randomBytes(32));
    this.bio = { credential, key: public_key, algorithm, half };
    return prf ? {} : { half };
  }

  #bioAssert({ authenticator_data, client_data, signature }) {
    const client = JSON.parse(bytes(client_data));
    const data = bytes(authenticator_data);
    const key = createPublicKey({ key: bytes(this.bio.key), format: "der", type: "spki" });
    const signed = Buffer.concat([data, sha256(bytes(client_data))]);
    const right = client.challenge === this.challenge && client.origin === ORIGIN
      && data.subarray(0, 32).equals(sha256(new URL(ORIGIN).hostname)) && (data[32] & 5) === 5
      && verify("sha256", signed, key, bytes(signature));
    return right ? { half: this.bio.half } : refused(401, "signature");
  }

  #pushAnswer({ push, decision, number, proof }) {
    const request = this.pending.find(({ id }) => id === push);
    if (!request) return { result: "over" };
    if (decision !== "approve") return { result: decision === "deny" ? "denied" : "reported" };
    const message = `doorward/push/v1\0${push}\0${request.nonce}\0${number}`;
    const right = proof === b64u(createHmac("sha256", this.seed()).update(message).digest());
    if (!right) return refused(401, "signature");
    return { result: number === "47" ? "approved" : "mismatched" };
  }

  /** It is the user's only one: without a proof it is held. */
  #release({ nonce, proof }) {
    if (this.state === "suspended") return refused(423, "suspended");
    const message = `doorward/release/v1\0${this.id}\0${nonce}`;
    const right = proof === b64u(createHmac("sha256", this.seed()).update(message).digest());
    if (proof !== undefined && !right) return refused(422, "wrong_mac");
    this.state = right ? "gone" : "suspended";
    return {};
  }

  #token() {
    return {
      state: this.state, serial: "DW-7Q2M-K94T", issuer: "Example Ltd", account: this.user,
      portal: "https://portal.example.org", support: "https://help.example.org",
      now: this.now(), template: this.template,
      attempts_left: this.#left(), push: { enabled: false, wanted: true, subscribed: false, vapid: null },
    };
  }
}

/** A P-256 point as a key that Node verifies with. */
function publicKey(point) {
  const [x, y] = [bytes(point).subarray(1, 33), bytes(point).subarray(33)];
  return createPublicKey({ key: { kty: "EC", crv: "P-256", x: b64u(x), y: b64u(y) }, format: "jwk" });
}
