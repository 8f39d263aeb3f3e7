/** A device for tests: a caller, and a token that it has activated. */

import { Gateway, ORIGIN } from "./gateway.js";
import { Caller, begin, memoryStore } from "../core/index.js";

export const PIN = "9946";
export const IPHONE = {
  os: "ios", form: "phone", name: "iPhone, Safari", installed: true, push: false, biometric: false,
};

export function newDevice(changes = {}) {
  const gateway = new Gateway(changes);
  const store = memoryStore();
  const caller = new Caller({ origin: ORIGIN, store, fetch: gateway.fetch, locks: null });
  return { gateway, store, caller };
}

export function beginAt({ caller, gateway }) {
  return begin(caller, { ticket: { id: gateway.id, t: gateway.ticket }, device: IPHONE });
}

/** Through the activation to its end. */
export async function activated(changes = {}, choices = {}) {
  const device = newDevice(changes);
  const pin = device.gateway.template.pin.type === "user_selected" ? PIN : null;
  const activation = await beginAt(device);
  device.gateway.confirm();
  const account = await activation.finish({ pin, ...choices });
  return { ...device, account };
}

export const NO_PIN = { pin: { type: "none" } };
