import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { activated, PIN } from "./device.js";
import {
  answer, keepSubscribed, makeSubscription, pending, subscribe, unlockWithPin, unsubscribe,
} from "../core/index.js";

const request = () => ({
  id: "p1", nonce: randomBytes(16).toString("base64url"), created: 1, expires: 2, purpose: "sign_in",
  context: { application: "Wiki", address: "203.0.113.7", browser: "Firefox on Windows" },
});

/** A browser with a push service. */
class Registration {
  subscription = null;
  made = 0;

  constructor(fails = null) {
    this.pushManager = {
      permissionState: async () => "granted",
      getSubscription: async () => this.subscription,
      subscribe: async ({ applicationServerKey }) => {
        if (fails) throw Object.assign(new Error(fails), { name: fails });
        return (this.subscription = this.#subscribed(applicationServerKey));
      },
    };
  }

  #subscribed(key) {
    this.made += 1;
    const keys = { p256dh: Uint8Array.of(4, 5).buffer, auth: Uint8Array.of(6).buffer };
    return {
      endpoint: `https://push.example.org/${this.made}`,
      options: { applicationServerKey: Uint8Array.from(key).buffer },
      getKey: (name) => keys[name],
      unsubscribe: async () => { this.subscription = null; },
    };
  }
}

test("a request is approved with the number on the page and the opened seed", async () => {
  const { gateway, caller, account } = await activated();
  gateway.pending = [request()];
  const [asked] = await pending(caller, account, 25);
  assert.deepEqual(gateway.last("push/pending").body, { id: account.id, wait: 25 });
  const seed = await unlockWithPin(caller, account, PIN);
  assert.equal(await answer(caller, account, asked, "approve", "47", seed), "approved");
  assert.equal(await answer(caller, account, asked, "approve", "48", seed), "mismatched");
});

test("a seed that is not the token's proves nothing", async () => {
  const { gateway, caller, account } = await activated();
  gateway.pending = [request()];
  const approved = answer(caller, account, gateway.pending[0], "approve", "47", new Uint8Array(32));
  await assert.rejects(approved, { code: "signature" });
});

test("no needs neither number nor PIN", async () => {
  const { gateway, caller, account } = await activated();
  gateway.pending = [request()];
  assert.equal(await answer(caller, account, gateway.pending[0], "deny"), "denied");
  assert.equal(await answer(caller, account, gateway.pending[0], "report"), "reported");
  const { number, proof } = gateway.last("push/answer").body;
  assert.deepEqual([number, proof], [null, null]);
  await assert.rejects(answer(caller, account, gateway.pending[0], "approve"), { code: "incomplete" });
});

test("to wait for requests holds back no other call", async () => {
  const { gateway, store, caller, account } = await activated();
  let end;
  const held = new Promise((resolve) => { end = resolve; });
  const send = caller.send;
  caller.send = async (target, init) => {
    if (target.endsWith("push/pending")) await held;
    return send(target, init);
  };
  const waiting = pending(caller, account, 25);
  await caller.call(account, "token", { id: account.id });
  end();
  assert.deepEqual(await waiting, []);
  assert.equal((await store.account(account.id)).sequence, gateway.sequence);
});

test("the push service's subscription is told to the gateway, with the gateway's key", async () => {
  const { gateway, store, caller, account } = await activated();
  const registration = new Registration();
  await subscribe(caller, account, registration);
  const subscription = { endpoint: "https://push.example.org/1", p256dh: "BAU", auth: "Bg" };
  assert.deepEqual(gateway.push, { subscription, wanted: true });
  const key = Buffer.from(registration.subscription.options.applicationServerKey).toString("base64url");
  assert.equal(key, account.push.vapid);
  const { wanted, subscribed, endpoint } = (await store.account(account.id)).push;
  assert.deepEqual([wanted, subscribed, endpoint], [true, true, subscription.endpoint]);
});

test("a subscription is made once for all accounts, and anew for another key", async () => {
  const registration = new Registration();
  const one = await makeSubscription(registration, "AQID");
  assert.deepEqual(await makeSubscription(registration, "AQID"), one);
  assert.notEqual((await makeSubscription(registration, "AQIE")).endpoint, one.endpoint);
});

test("where no push service can be had, requests are shown while the app is open", async () => {
  for (const registration of [{}, new Registration("AbortError")]) {
    const { gateway, caller, account } = await activated();
    await subscribe(caller, account, registration);
    assert.deepEqual(gateway.push, { subscription: null, wanted: true });
  }
});

test("a user who refuses notifications is told, and nothing is switched on", async () => {
  const { gateway, caller, account } = await activated();
  const refusing = new Registration("NotAllowedError");
  await assert.rejects(subscribe(caller, account, refusing), { code: "denied" });
  assert.deepEqual(gateway.push, { subscription: null, wanted: false });
});

test("requests that are switched off are switched off at the gateway", async () => {
  const { gateway, caller, account } = await activated();
  await subscribe(caller, account, new Registration());
  await unsubscribe(caller, account);
  assert.deepEqual(gateway.push, { subscription: null, wanted: false });
});

test("at each start the gateway is told of another subscription, and only then", async () => {
  const { gateway, caller, account } = await activated();
  const registration = new Registration();
  await subscribe(caller, account, registration);
  const before = gateway.calls.length;
  await keepSubscribed(caller, [account], registration);
  assert.equal(gateway.calls.length, before);
  registration.subscription = null;
  await keepSubscribed(caller, [account], registration);
  assert.equal(gateway.push.subscription.endpoint, "https://push.example.org/2");
});

test("a subscription that the gateway has forgotten is given up for another", async () => {
  const { gateway, caller, account } = await activated();
  const registration = new Registration();
  await subscribe(caller, account, registration);
  account.push.subscribed = false; // the push service has told the gateway that it is gone
  await keepSubscribed(caller, [account], registration);
  assert.equal(gateway.push.subscription.endpoint, "https://push.example.org/2");
});

test("accounts share one subscription: where the gateway has forgotten it, all are told of the same new one", async () => {
  const registration = new Registration();
  await makeSubscription(registration, "AQID");
  const told = new Map();
  const slow = async (account, name, { subscription }) => {
    await new Promise((wake) => setTimeout(wake, 5));
    if (account.id === "broken") throw new Error(name);
    told.set(account.id, subscription.endpoint);
  };
  const caller = { call: slow, store: { update: async () => {} } };
  const push = { enabled: true, wanted: true, subscribed: false, endpoint: "https://push.example.org/1", vapid: "AQID" };
  const accounts = ["one", "broken", "other"].map((id) => ({ id, push: { ...push } }));
  await keepSubscribed(caller, accounts, registration);
  assert.equal(registration.made, 2);
  assert.deepEqual([...told.values()], Array(2).fill(registration.subscription.endpoint));
});

test("a user who wants none is left alone", async () => {
  const { gateway, caller, account } = await activated();
  const before = gateway.calls.length;
  await keepSubscribed(caller, [account], new Registration());
  assert.equal(gateway.calls.length, before);
});
