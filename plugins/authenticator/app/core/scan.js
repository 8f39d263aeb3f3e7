/** QR codes in pictures: by the browser where it can, else by a decoder that is brought along. */

import { decodeQR } from "../vendor/qr/decode.js";

/** @typedef {{detect: (image: ImageData) => Promise<{rawValue: string}[]>}} Detector */
/** @typedef {{new (options: {formats: string[]}): Detector, getSupportedFormats: () => Promise<string[]>}} Detectors */

/** @type {Promise<Detector|null>|undefined} */
let detector;

/**
 * The text of a QR code in the picture; null where there is none.
 * @param {ImageData} imageData
 * @returns {Promise<string|null>}
 */
export async function decode(imageData) {
  detector ??= browserDetector();
  const native = await detector;
  return (native && (await detected(native, imageData))) || decoded(imageData);
}

/** @returns {Promise<Detector|null>} */
async function browserDetector() {
  const kind = /** @type {{BarcodeDetector?: Detectors}} */ (globalThis).BarcodeDetector;
  if (!kind) return null;
  try {
    const formats = await kind.getSupportedFormats();
    return formats.includes("qr_code") ? new kind({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

/**
 * @param {Detector} native
 * @param {ImageData} imageData
 */
async function detected(native, imageData) {
  try {
    const [found] = await native.detect(imageData);
    return found?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** @param {ImageData} imageData */
function decoded(imageData) {
  const { width, height, data } = imageData;
  try {
    return decodeQR({ width, height, data }, { format: "RGBA" });
  } catch {
    // It says by an error that it found nothing.
    return null;
  }
}
