import assert from "node:assert/strict";
import { test } from "node:test";
import { activated, beginAt, IPHONE, newDevice, NO_PIN, PIN } from "./device.js";
import { ORIGIN } from "./gateway.js";
import { begin, handoff, openWithout, resume, unlockWithPin } from "../core/index.js";

for (const algorithm of ["SHA1", "SHA256", "SHA512"]) {
  test(`both sides come to the same seed, for ${algorithm}`, async () => {
    const { gateway, account } = await activated({ ...NO_PIN, algorithm });
    assert.deepEqual(Buffer.from(await openWithout(account)), gateway.seed());
  });
}

for (const [kind, changes] of Object.entries({
  time: {},
  event: { event: true, period: null },
  challenge: { mode: "challenge_response", ocra: "OCRA-1:HOTP-SHA256-6:QN08", period: null },
})) {
  test(`an activation ends with a token in use, with passcodes by ${kind}`, async () => {
    const { gateway, store, account } = await activated({ ...NO_PIN, ...changes }, { pushWanted: true });
    assert.deepEqual([gateway.state, account.state], ["active", "active"]);
    assert.deepEqual(gateway.push, { subscription: null, wanted: true });
    assert.deepEqual((await store.accounts()).map(({ id }) => id), [gateway.id]);
    assert.equal(await store.meta("activation"), undefined);
  });
}

test("what the device shows is what the gateway has said", async () => {
  const device = newDevice();
  const { account, check, expires } = await beginAt(device);
  const { issuer, serial, portal, support, template } = account;
  assert.deepEqual([check, issuer, account.account, serial], ["4821", "Example", "alice", "DW-7Q2M-K94T"]);
  assert.deepEqual([portal, support], ["https://portal.example.org", null]);
  assert.deepEqual(template, device.gateway.template);
  assert.ok(expires > 0);
});

test("a typed code does the same as the QR code", async () => {
  const { gateway, store, caller } = newDevice(NO_PIN);
  const activation = await begin(caller, { user: "alice", code: gateway.code, device: IPHONE });
  assert.match(gateway.last("activate/begin").headers.get("signature-input"), /keyid=""/);
  gateway.confirm();
  await activation.finish();
  assert.equal((await store.accounts())[0].id, gateway.id);
});

test("the device waits for the browser's word", async () => {
  const device = newDevice(NO_PIN);
  const activation = await beginAt(device);
  assert.deepEqual(await activation.status(), { state: "claimed" });
  await assert.rejects(activation.finish(), { code: "not_now" });
  device.gateway.confirm();
  assert.deepEqual(await activation.status(), { state: "confirmed" });
  assert.equal((await activation.finish()).state, "active");
});

test("after a reload an activation goes on with the same key, and nothing of the answer was kept", async () => {
  const device = newDevice();
  await beginAt(device);
  const kept = JSON.stringify([await device.store.meta("activation"), await device.store.account(device.gateway.id)]);
  const answered = JSON.parse(device.gateway.begun.received);
  assert.ok(!kept.includes(answered.nonce));
  const bytes = JSON.stringify([...Buffer.from(answered.nonce, "base64url")]).slice(1, -1);
  assert.ok(!kept.includes(bytes));
  const activation = await resume(device.caller);
  assert.equal(activation.check, "4821");
  device.gateway.confirm();
  const account = await activation.finish({ pin: PIN });
  assert.deepEqual(Buffer.from(await unlockWithPin(device.caller, account, PIN)), device.gateway.seed());
});

test("without an activation there is nothing to go on with", async () => {
  assert.equal(await resume(newDevice().caller), null);
});

test("a begin whose answer was lost goes on with the same key", async () => {
  const device = newDevice(NO_PIN);
  device.gateway.spoils.set("activate/begin", "answer lost");
  await assert.rejects(beginAt(device), { code: "offline" });
  const activation = await resume(device.caller);
  assert.equal(activation.check, "4821");
});

test("an activation that came to nothing is forgotten", async () => {
  const device = newDevice();
  await beginAt(device);
  device.gateway.spoils.set("activate/begin", { status: 410, body: { error: "expired" } });
  await assert.rejects(resume(device.caller), { code: "expired" });
  assert.equal(await resume(device.caller), null);
  assert.equal(await device.store.account(device.gateway.id), undefined);
});

test("a ticket for another platform says which are allowed", async () => {
  const device = newDevice();
  device.gateway.spoils.set(
    "activate/begin", { status: 403, body: { error: "target_not_allowed", allowed: ["android"] } });
  await assert.rejects(beginAt(device), { code: "target_not_allowed", detail: { allowed: ["android"] } });
});

for (const spoil of ["unheard", "answer lost"]) {
  test(`a finish is sent again with the same body: ${spoil}, and the page reloaded`, async () => {
    const device = newDevice();
    const { gateway, store, caller } = device;
    const activation = await beginAt(device);
    gateway.confirm();
    gateway.spoils.set("activate/finish", spoil);
    await assert.rejects(activation.finish({ pin: PIN }), { code: "offline" });
    const first = gateway.last("activate/finish").body;
    assert.deepEqual(await store.accounts(), []);
    const resumed = await resume(caller);
    assert.ok(resumed.finishing);
    const account = await resumed.finish();
    assert.deepEqual(gateway.last("activate/finish").body, first);
    assert.deepEqual(Buffer.from(await unlockWithPin(caller, account, PIN)), gateway.seed());
  });
}

test("a passcode that lay too long is made anew, and nothing else", async () => {
  const device = newDevice();
  const { gateway } = device;
  const activation = await beginAt(device);
  gateway.confirm();
  gateway.spoils.set("activate/finish", { status: 422, body: { error: "wrong_otp" } });
  await activation.finish({ pin: PIN });
  assert.deepEqual(gateway.names().slice(-3), ["pin/register", "activate/finish", "activate/finish"]);
});

test("a gateway that does not know the seed is found out", async () => {
  const device = newDevice(NO_PIN);
  const activation = await beginAt(device);
  device.gateway.confirm();
  const mac = Buffer.alloc(32).toString("base64url");
  device.gateway.spoils.set("activate/finish", { status: 200, body: { state: "active", mac } });
  await assert.rejects(activation.finish(), { code: "wrong_mac" });
  assert.deepEqual(await device.store.accounts(), []);
});

test("a PIN that breaks a rule, or none where one is needed, never reaches the gateway", async () => {
  const device = newDevice();
  const activation = await beginAt(device);
  device.gateway.confirm();
  await assert.rejects(activation.finish({ pin: "1234" }), { code: "pin_rules", detail: { faults: ["trivial"] } });
  await assert.rejects(activation.finish(), { code: "incomplete" });
  assert.deepEqual(device.gateway.names(), ["activate/begin"]);
});

test("a clock that is an hour behind is set right by the first answer", async () => {
  const device = newDevice(NO_PIN);
  device.gateway.ahead = 3600;
  const activation = await beginAt(device);
  device.gateway.confirm();
  const account = await activation.finish();
  assert.ok(Math.abs(account.clockOffset - 3600) <= 2);
});

test("the time in an answer that is repeated is not taken for the time of now", async () => {
  const device = newDevice(NO_PIN);
  device.gateway.spoils.set("activate/begin", "answer lost");
  await assert.rejects(beginAt(device), { code: "offline" });
  device.gateway.ahead = 30;
  device.caller.now = () => Date.now() + 30_000;
  assert.equal((await resume(device.caller)).account.clockOffset, 0);
});

test("of two tabs that finish, the one that the gateway took is the one that is kept", async () => {
  const device = newDevice();
  const one = await beginAt(device);
  const other = await resume(device.caller);
  device.gateway.confirm();
  device.gateway.spoils.set("activate/finish", "unheard");
  await assert.rejects(one.finish({ pin: PIN }), { code: "offline" });
  device.gateway.spoils.set("activate/finish", "unheard");
  await assert.rejects(other.finish({ pin: "730164" }), { code: "offline" });
  await one.finish();
  await assert.rejects(other.finish(), { code: "not_now" });
  const [account] = await device.store.accounts();
  assert.deepEqual(Buffer.from(await unlockWithPin(device.caller, account, PIN)), device.gateway.seed());
});

test("a finish that comes too late leaves nothing", async () => {
  const device = newDevice(NO_PIN);
  const activation = await beginAt(device);
  device.gateway.spoils.set("activate/finish", { status: 410, body: { error: "expired" } });
  await assert.rejects(activation.finish(), { code: "expired" });
  assert.equal(await resume(device.caller), null);
});

test("an activation that is given up leaves nothing", async () => {
  const device = newDevice();
  await (await beginAt(device)).abandon();
  assert.equal(await device.store.account(device.gateway.id), undefined);
  assert.equal(await resume(device.caller), null);
});

test("an account in use survives a second activation that is given up", async () => {
  const { store, caller, account } = await activated(NO_PIN);
  const other = newDevice(NO_PIN).gateway;
  other.id = "another";
  caller.send = other.fetch;
  const activation = await begin(caller, { ticket: { id: other.id, t: other.ticket }, device: IPHONE });
  await activation.abandon();
  assert.deepEqual((await store.accounts()).map(({ id }) => id), [account.id]);
});

test("the installed app starts with a ticket of its own; the old one is void", async () => {
  const { gateway, caller } = newDevice();
  const old = { id: gateway.id, t: gateway.ticket };
  const ticket = await handoff(caller, old);
  assert.deepEqual(ticket, { id: gateway.id, t: gateway.ticket });
  assert.equal(gateway.last("activate/handoff").headers.get("signature"), null);
  await assert.rejects(begin(caller, { ticket: old, device: IPHONE }), { code: "not_found" });
  assert.ok(await begin(caller, { ticket, device: IPHONE }));
});

test("calls go to the origin of the app, signed for it", async () => {
  const { caller, gateway } = newDevice();
  assert.equal(caller.target("token"), `${ORIGIN}/a/v1/token`);
  assert.deepEqual(gateway.names(), []);
});
