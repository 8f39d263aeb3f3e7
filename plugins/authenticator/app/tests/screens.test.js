import assert from "node:assert/strict";
import { test } from "node:test";
import { activated, NO_PIN, PIN } from "./device.js";
import { Page } from "./page.js";
import { account } from "../views/account.js";
import { home } from "../views/home.js";
import { manage } from "../views/manage.js";
import { message } from "../views/message.js";
import { problem } from "../views/problem.js";
import { remove } from "../views/remove.js";
import { report } from "../views/report.js";
import { request } from "../views/request.js";

const VIEWS = { account, home, manage, message, problem, remove, report, request };
const WRONG = "8052";

const asked = () => ({
  id: "p1", nonce: "AAECAwQFBgcICQoLDA0ODw", created: 1, expires: Math.floor(Date.now() / 1000) + 120,
  purpose: "sign_in", context: { application: "Wiki", address: "203.0.113.7", browser: "Firefox on Windows" },
});

/** A device on whose screen a request stands, and the notification of it. Left at the end, so that nothing waits for its time. */
async function asking(t) {
  const device = await activated();
  const page = new Page(device, VIEWS);
  const { app } = page;
  const notifications = { closed: [] };
  app.registration = {
    getNotifications: async ({ tag }) => [{ close: () => notifications.closed.push(tag) }],
  };
  device.gateway.pending = [asked()];
  await app.loadAccounts();
  app.requests.set(device.account.id, device.gateway.pending);
  await app.go("request", { account: device.account.id, request: "p1" });
  t.after(() => app.go("home"));
  return { ...device, page, app, notifications };
}

const decisions = (gateway) =>
  gateway.calls.filter(({ name }) => name === "push/answer").map(({ body }) => body.decision);

async function wrongPin(page, number = "47") {
  page.type("code number", number);
  page.type("pin", WRONG);
  await page.press("approve");
}

test("a request is approved, and its notification goes", async (t) => {
  const { page, notifications } = await asking(t);
  page.type("code number", "47");
  page.type("pin", PIN);
  await page.press("approve");
  assert.equal(page.title, "result-approved-title");
  assert.deepEqual(notifications.closed, ["p1"]);
});

test("after the last wrong PIN the screen of a request says that the authenticator is locked", async (t) => {
  const { page, gateway } = await asking(t);
  for (let failed = 1; failed <= 3; failed += 1) await wrongPin(page);
  assert.equal(page.title, "request-title");
  await wrongPin(page);
  assert.deepEqual([gateway.state, page.title], ["locked_pin", "state-locked_pin-title"]);
});

test("it says as well that it was suspended, or is not known any more", async (t) => {
  for (const [status, error, state] of [[423, "suspended", "suspended"], [404, "not_found", "unknown"]]) {
    const { page, gateway } = await asking(t);
    await page.lookAway(); // by now it knows how many tries are left
    for (const name of ["pin/unlock/1", "token"]) gateway.spoils.set(name, { status, body: { error } });
    await wrongPin(page);
    assert.equal(page.title, `state-${state}-title`);
    await page.press("look-again");
    assert.equal(page.title, "request-title", "the gateway knows better by now");
  }
});

test("who does not look for a moment can still say that it was not them", async (t) => {
  const { page, gateway, app, notifications } = await asking(t);
  await page.press("deny");
  await page.lookAway();
  assert.deepEqual([page.title, decisions(gateway)], ["report-title", []]);
  await page.press("report-yes");
  assert.deepEqual([page.title, decisions(gateway)], ["result-reported-title", ["report"]]);
  assert.ok(app.answered.has("p1"));
  assert.deepEqual(notifications.closed, ["p1"]);
});

test("another language is no answer, and who goes on to something else has said no", async (t) => {
  const { page, gateway, app } = await asking(t);
  await page.press("deny");
  await app.again();
  assert.deepEqual([page.title, decisions(gateway)], ["report-title", []]);
  await app.go("home");
  await page.lookAway();
  assert.deepEqual(decisions(gateway), ["deny"]);
  assert.ok(app.answered.has("p1"));
});

test("an answer that did not arrive hides no request that still waits", async (t) => {
  const { page, gateway, app } = await asking(t);
  await page.press("deny");
  gateway.spoils.set("push/answer", "unheard");
  await page.press("report-yes");
  assert.equal(page.title, "problem-account-offline-title");
  await page.press("to-start");
  assert.ok(page.asks && !app.answered.has("p1"));
  // Nor does one that was given by going on.
  await app.go("report", { account: app.accounts[0].id, request: "p1" });
  gateway.spoils.set("push/answer", "unheard");
  await app.go("home");
  await page.lookAway();
  assert.ok(!app.answered.has("p1"));
});

test("an account is removed by its PIN", async () => {
  const device = await activated();
  const page = new Page(device, VIEWS);
  await page.app.go("remove", { id: device.account.id });
  page.type("pin", WRONG);
  await page.press("remove-yes");
  assert.deepEqual([page.title, device.gateway.state, page.says("pin-wrong")], ["remove-title", "active", true]);
  page.type("pin", PIN);
  await page.press("remove-yes");
  assert.deepEqual([page.title, device.gateway.state], ["removed-title", "gone"]);
});

test("who does not know the PIN is told what comes of it", async () => {
  const device = await activated();
  const page = new Page(device, VIEWS);
  await page.app.go("remove", { id: device.account.id });
  await page.press("remove-without");
  assert.ok(page.says("remove-unproved"));
  await page.press("remove-yes");
  assert.deepEqual([page.title, device.gateway.state], ["removed-title", "suspended"]);
});

test("where there is no PIN a press is enough, and where the server checks one it shows nothing", async () => {
  for (const [type, text, state] of [["none", "remove-text", "gone"], ["server_side", "remove-unproved", "suspended"]]) {
    const device = await activated({ pin: { type } });
    const page = new Page(device, VIEWS);
    await page.app.go("remove", { id: device.account.id });
    assert.ok(page.says(text));
    await page.press("remove-yes");
    assert.deepEqual([page.title, device.gateway.state], ["removed-title", state]);
  }
});

test("what cannot be used is removed from this device, in honest words", async () => {
  for (const [status, error, text] of [[423, "suspended", "remove-suspended"], [404, "not_found", "remove-unknown"]]) {
    const device = await activated(NO_PIN);
    const spoil = { status, body: { error } };
    device.gateway.spoils.set("token", spoil).set("token/release", spoil);
    await assert.rejects(device.caller.call(device.account, "token", { id: device.account.id }), { code: error });
    const page = new Page(device, VIEWS);
    await page.app.go("account", { id: device.account.id });
    await page.press("remove");
    assert.ok(page.says(text), page.main.textContent);
    await page.press("remove-yes");
    assert.equal(page.title, "removed-title");
  }
});
