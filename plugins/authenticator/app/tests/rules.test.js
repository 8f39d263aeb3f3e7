import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import "./gateway.js";
import { checkPin, pinRules } from "../core/index.js";

const table = JSON.parse(await readFile(new URL("../../../pin/rules.json", import.meta.url), "utf8"));

/** The table names complexities as settings do; on the wire strong alphanumeric is `strong`. */
const policyOf = (name) => {
  const policy = table.policies[name];
  return { ...policy, complexity: policy.complexity === "strong_alphanumeric" ? "strong" : policy.complexity };
};

test("every example of the table of PIN rules becomes of it what the table says", () => {
  for (const { pin, policy, faults } of table.examples) {
    assert.deepEqual(checkPin(policyOf(policy), pin), faults, `${pin} by "${policy}"`);
  }
});

test("the rules that are shown before typing are those in force, in the table's order", () => {
  assert.deepEqual(pinRules(policyOf("strong")), table.rules.order);
  assert.deepEqual(pinRules(policyOf("decimal, trivial allowed")), ["charset", "too_short", "too_long"]);
});
