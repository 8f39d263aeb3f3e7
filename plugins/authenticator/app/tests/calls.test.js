import assert from "node:assert/strict";
import { test } from "node:test";
import { activated, NO_PIN } from "./device.js";
import { ORIGIN } from "./gateway.js";
import { Caller, here, openWithout, refresh, release } from "../core/index.js";
import { signatureBase, signatureParams } from "../core/call.js";

const token = (caller, account) => caller.call(account, "token", { id: account.id });

test("the signature's base is built as RFC 9421 2.5 says", () => {
  const params = signatureParams({ created: 1732900000, nonce: "AAECAwQFBgcICQoLDA0ODw", keyid: "t1" });
  const digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
  const base = signatureBase({ target: `${ORIGIN}/a/v1/token`, digest, sequence: "17" }, params);
  assert.equal(base, [
    '"@method": POST',
    '"@target-uri": https://authenticator.example.org/a/v1/token',
    '"content-digest": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    '"doorward-sequence": 17',
    '"@signature-params": ("@method" "@target-uri" "content-digest" "doorward-sequence");created=1732900000;'
      + 'nonce="AAECAwQFBgcICQoLDA0ODw";keyid="t1";alg="ecdsa-p256-sha256"',
  ].join("\n"));
});

test("calls of an account go out one after the other, with numbers that rise", async () => {
  const { gateway, caller, account } = await activated(NO_PIN);
  await Promise.all([1, 2, 3, 4].map(() => token(caller, account)));
  const numbers = gateway.calls.slice(-4).map(({ headers }) => Number(headers.get("doorward-sequence")));
  assert.deepEqual(numbers, [2, 3, 4, 5]);
});

test("the number is stored before the call is sent, so that it is never used again", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  gateway.spoils.set("token", "unheard");
  await assert.rejects(token(caller, account), { code: "offline", status: 0 });
  assert.equal((await store.account(account.id)).sequence, 2);
  await token(caller, account);
  assert.equal(gateway.sequence, 3);
});

test("in several tabs, one lock holds a call back until the one before is answered", async () => {
  const { gateway, store, account } = await activated(NO_PIN);
  const asked = [];
  let before = Promise.resolve();
  const locks = {
    request: (name, work) => {
      asked.push(name);
      return (before = before.then(work, work));
    },
  };
  const tabs = [1, 2].map(() => new Caller({ origin: ORIGIN, store, fetch: gateway.fetch, locks }));
  const accounts = await Promise.all(tabs.map(() => store.account(account.id)));
  await Promise.all(tabs.map((tab, at) => token(tab, accounts[at])));
  assert.deepEqual(asked, [1, 2].map(() => `doorward-call-${account.id}`));
  assert.equal(gateway.sequence, 3);
});

test("a clock that is wrong is learned from the gateway, and the call sent anew", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  gateway.ahead = 3600;
  const { state } = await token(caller, account);
  assert.equal(state, "active");
  const { clockOffset } = await store.account(account.id);
  assert.ok(Math.abs(clockOffset - 3600) <= 2, String(clockOffset));
});

test("a clock that stays wrong is said, after the second try", async () => {
  const { gateway, caller, account } = await activated(NO_PIN);
  gateway.ahead = 3600;
  gateway.spoils.set("token", { status: 401, body: { error: "clock", now: 5 } });
  await assert.rejects(token(caller, account), { code: "clock", status: 401 });
});

test("what is answered by something else than the gateway is no refusal of the gateway's", async () => {
  const { store, account } = await activated(NO_PIN);
  for (const [status, body] of [[502, "<html>"], [200, "<html>"], [200, "null"], [404, "{}"]]) {
    const fetch = async () => new Response(body, { status });
    const caller = new Caller({ origin: ORIGIN, store, fetch, locks: null });
    await assert.rejects(token(caller, account), { code: "unavailable", status });
  }
});

test("a call that is given up says so", async () => {
  const { store, account } = await activated(NO_PIN);
  const fetch = (_, { signal }) => new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const caller = new Caller({ origin: ORIGIN, store, fetch, locks: null });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const call = caller.call(account, "push/pending", { id: account.id, wait: 25 }, { signal: controller.signal });
  await assert.rejects(call, { code: "aborted" });
});

test("a suspended account is told from one that is gone, and the latter keeps no secret", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  gateway.spoils.set("token", { status: 423, body: { error: "suspended" } });
  await assert.rejects(token(caller, account), { code: "suspended" });
  assert.equal((await store.account(account.id)).state, "suspended");
  assert.ok((await store.account(account.id)).sealedSeed);
  await refresh(caller, account);
  assert.equal((await store.account(account.id)).state, "active");
  gateway.spoils.set("token", { status: 410, body: { error: "gone" } });
  await assert.rejects(token(caller, account), { code: "gone" });
  const kept = await store.account(account.id);
  assert.deepEqual([kept.state, kept.sealedSeed, kept.wraps], ["gone", null, {}]);
});

test("an account takes over what the gateway says of it", async () => {
  const { store, caller, account } = await activated(NO_PIN);
  assert.deepEqual(await refresh(caller, account), { attemptsLeft: 3 });
  const { issuer, support, push } = await store.account(account.id);
  assert.deepEqual([issuer, support, push.enabled], ["Example Ltd", "https://help.example.org", false]);
});

test("an account that the gateway does not know is told from one that is gone, and nothing of it is destroyed", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  gateway.spoils.set("token", { status: 404, body: { error: "not_found" } });
  await assert.rejects(token(caller, account), { code: "not_found" });
  const kept = await store.account(account.id);
  assert.deepEqual([kept.state, account.state], ["unknown", "unknown"]);
  assert.ok(kept.sealedSeed && kept.wraps.store);
  await refresh(caller, account);
  assert.equal((await store.account(account.id)).state, "active", "a gateway that knows it again");
});

test("an account that is removed here by who can open it is revoked there", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  const seed = await openWithout(account);
  await release(caller, account, seed);
  assert.deepEqual([gateway.state, await store.accounts()], ["gone", []]);
});

test("one that is removed by who can't is held there", async () => {
  const { gateway, store, caller, account } = await activated();
  await release(caller, account);
  assert.deepEqual(gateway.last("token/release").body, { id: account.id });
  assert.deepEqual([gateway.state, await store.accounts()], ["suspended", []]);
});

test("a seed that is not its own removes nothing", async () => {
  const { gateway, store, caller, account } = await activated();
  await assert.rejects(release(caller, account, new Uint8Array(32)), { code: "wrong_mac" });
  assert.deepEqual([gateway.state, (await store.accounts()).length], ["active", 1]);
});

test("one that is held, or that the gateway does not know, is removed here alone", async () => {
  for (const [status, error] of [[423, "suspended"], [404, "not_found"], [410, "gone"]]) {
    const { gateway, store, caller, account } = await activated();
    const spoil = { status, body: { error } };
    gateway.spoils.set("token", spoil).set("token/release", spoil);
    await assert.rejects(token(caller, account), { code: error });
    await release(caller, account);
    assert.deepEqual([gateway.state, await store.accounts()], ["active", []], error);
  }
});

test("one that cannot be revoked now stays, so that it can be tried again", async () => {
  const { gateway, store, caller, account } = await activated(NO_PIN);
  gateway.spoils.set("token/release", "unheard");
  await assert.rejects(release(caller, account), { code: "offline" });
  assert.equal((await store.accounts()).length, 1);
});

test("what this browser once had is asked without a signature", async () => {
  const { gateway, caller } = await activated(NO_PIN);
  assert.deepEqual(await here(caller), [{ serial: "DW-1", issuer: "Example", account: "alice" }]);
  assert.equal(gateway.last("here").headers.get("signature"), null);
});
