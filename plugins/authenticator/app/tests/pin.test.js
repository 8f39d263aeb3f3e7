import assert from "node:assert/strict";
import { test } from "node:test";
import { activated, PIN } from "./device.js";
import { changePin, opened, openWithout, unlockWithPin } from "../core/index.js";

const WRONG = "8052";
const NEW = "730164";

test("the right PIN opens the seed, and the gateway forgets the failures before", async () => {
  const { gateway, caller, account } = await activated();
  await assert.rejects(unlockWithPin(caller, account, WRONG), { code: "wrong_pin" });
  assert.equal(gateway.failures, 1);
  assert.deepEqual(Buffer.from(await unlockWithPin(caller, account, PIN)), gateway.seed());
  assert.equal(gateway.failures, 0);
});

test("a wrong PIN says how many tries are left; the one after the last locks for good", async () => {
  const { gateway, store, caller, account } = await activated();
  for (const attempts_left of [2, 1, 0]) {
    await assert.rejects(unlockWithPin(caller, account, WRONG), { code: "wrong_pin", detail: { attempts_left } });
  }
  await assert.rejects(unlockWithPin(caller, account, WRONG), { code: "locked", status: 423 });
  assert.equal(gateway.state, "locked_pin");
  const kept = await store.account(account.id);
  assert.deepEqual([kept.state, kept.sealedSeed, kept.wraps], ["locked_pin", null, {}]);
  await assert.rejects(unlockWithPin(caller, account, PIN), { code: "locked" });
});

test("a wrong PIN is known to be wrong though the gateway is not heard any more", async () => {
  const { gateway, caller, account } = await activated();
  gateway.spoils.set("pin/unlock/failed", "unheard");
  await assert.rejects(unlockWithPin(caller, account, WRONG), { code: "wrong_pin", detail: { attempts_left: 2 } });
});

test("without the gateway nobody opens it", async () => {
  const { gateway, caller, account } = await activated();
  gateway.spoils.set("pin/unlock/1", "unheard");
  await assert.rejects(unlockWithPin(caller, account, PIN), { code: "offline" });
  assert.ok(!opened(account));
  await assert.rejects(openWithout(account), { code: "damaged" });
});

test("the PIN and the gateway's words never lie on the device", async () => {
  const { store, account } = await activated();
  const kept = await store.account(account.id);
  assert.deepEqual(Object.keys(kept.wraps), ["pin"]);
  assert.deepEqual(kept.stretching, { iterations: 2, memory: 19456, parallelism: 1 });
  assert.ok(!kept.kStore.extractable && !kept.keys.sign.extractable);
  assert.ok(!JSON.stringify(kept).includes(PIN));
});

test("another PIN opens the same seed, and the old one nothing", async () => {
  const { gateway, store, caller, account } = await activated();
  await changePin(caller, account, PIN, NEW);
  assert.deepEqual(Buffer.from(await unlockWithPin(caller, account, NEW)), gateway.seed());
  await assert.rejects(unlockWithPin(caller, account, PIN), { code: "wrong_pin" });
  assert.deepEqual(Object.keys((await store.account(account.id)).wraps), ["pin"]);
});

test("a PIN is not changed by somebody who does not know it, or to one that breaks a rule", async () => {
  const { gateway, caller, account } = await activated();
  await assert.rejects(changePin(caller, account, WRONG, NEW), { code: "wrong_pin" });
  await assert.rejects(changePin(caller, account, PIN, "1234"), { code: "pin_rules" });
  assert.ok(!gateway.names().includes("pin/change"));
});

test("a change whose answer was lost leaves whichever PIN the gateway has", async () => {
  const carriedOut = await activated();
  carriedOut.gateway.spoils.set("pin/change", "answer lost");
  await assert.rejects(changePin(carriedOut.caller, carriedOut.account, PIN, NEW), { code: "offline" });
  const reloaded = await carriedOut.store.account(carriedOut.account.id);
  const seed = await unlockWithPin(carriedOut.caller, reloaded, NEW);
  assert.deepEqual(Buffer.from(seed), carriedOut.gateway.seed());
  assert.deepEqual(Object.keys(reloaded.wraps), ["pin"]);

  const notCarriedOut = await activated();
  notCarriedOut.gateway.spoils.set("pin/change", "unheard");
  await assert.rejects(changePin(notCarriedOut.caller, notCarriedOut.account, PIN, NEW), { code: "offline" });
  const old = await unlockWithPin(notCarriedOut.caller, notCarriedOut.account, PIN);
  assert.deepEqual(Buffer.from(old), notCarriedOut.gateway.seed());
});

test("a PIN that was changed in another tab opens here as well", async () => {
  const { gateway, store, caller, account } = await activated();
  const elsewhere = await store.account(account.id);
  await changePin(caller, elsewhere, PIN, NEW);
  assert.deepEqual(Buffer.from(await unlockWithPin(caller, account, NEW)), gateway.seed());
});
