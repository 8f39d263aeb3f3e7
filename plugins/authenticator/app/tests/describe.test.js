import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../core/device.js";

const APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";
const inTab = () => ({ matches: false });
const standalone = (query) => ({ matches: query === "(display-mode: standalone)" });

const DEVICES = [
  [`Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) ${APPLE} Version/18.4 Mobile/15E148 Safari/604.1`,
    {}, ["ios", "phone", "iPhone, Safari"]],
  [`Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) ${APPLE} CriOS/140.0 Mobile/15E148 Safari/604.1`,
    {}, ["ios", "phone", "iPhone, Chrome"]],
  [`Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) ${APPLE} Mobile/15E148`,
    {}, ["ios", "phone", "iPhone, Safari"]],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/18.4 Safari/605.1.15`,
    { maxTouchPoints: 5 }, ["ios", "tablet", "iPad, Safari"]],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/18.4 Safari/605.1.15`,
    { maxTouchPoints: 0 }, ["macos", "desktop", "Mac, Safari"]],
  [`Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`,
    { userAgentData: { platform: "Android", mobile: true } }, ["android", "phone", "Android phone, Chrome"]],
  [`Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Safari/537.36`, {}, ["android", "tablet", "Android tablet, Chrome"]],
  ["Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
    {}, ["android", "phone", "Android phone, Firefox"]],
  [`Mozilla/5.0 (Linux; Android 14; SM-S921B) SamsungBrowser/27.0 ${CHROME} Mobile Safari/537.36`,
    {}, ["android", "phone", "Android phone, Samsung Internet"]],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/140.0.0.0`,
    { maxTouchPoints: 10 }, ["windows", "desktop", "Windows, Edge"]],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    {}, ["linux", "desktop", "Linux, Firefox"]],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, {}, ["other", "desktop", "Computer, Chrome"]],
  ["something else", {}, ["other", "desktop", "Computer, browser"]],
];

test("devices are told apart by what their browsers say", () => {
  for (const [userAgent, more, expected] of DEVICES) {
    const { os, form, name } = describe({ userAgent, ...more }, inTab);
    assert.deepEqual([os, form, name], expected, userAgent);
  }
});

test("an app that was installed says so, on an iPhone too", () => {
  const userAgent = DEVICES[0][0];
  assert.equal(describe({ userAgent }, inTab).installed, false);
  assert.equal(describe({ userAgent }, standalone).installed, true);
  assert.equal(describe({ userAgent, standalone: true }, inTab).installed, true);
});

test("abilities are those that were looked into", () => {
  const able = describe({ userAgent: "" }, inTab, { push: true, biometric: true });
  assert.deepEqual([able.push, able.biometric], [true, true]);
});
