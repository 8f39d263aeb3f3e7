// A fingerprint in place of the PIN: by a platform that gives a secret (PRF), and by one that does not, for which the gateway
// keeps half of a key. Who is not recognised types the PIN.
import {
  DEVICES, PIN, App, activate, atTheWiki, enrolling, firstPasscode, nothingFound, template, typePasscode,
} from './authenticator.mjs';
import { check, same, story } from './lib.mjs';

await story(async (browser) => {
  template({ allow_biometric_pin: true });
  await finger(browser, { user: 'alice', prf: true });
  await finger(browser, { user: 'bob', prf: false });
});

async function finger(browser, { user, prf }) {
  const name = prf ? 'prf' : 'half';
  const app = await App.on(browser, DEVICES.android);
  const sensor = await fingerprintSensor(app.page, prf);
  const calls = [];
  app.page.on('request', (request) => calls.push(new URL(request.url()).pathname.replace('/a/v1/', '')));
  const { page } = await enrolling(browser, { user });
  await activate(page, app, { bio: true });
  await firstPasscode(page);

  await app.press('done-open');
  await app.look.at(`${name}-account`);
  await app.press('bio-use');
  await typePasscode(page, await app.shown());
  await atTheWiki(page);
  const asked = calls.filter((call) => call.startsWith('pin/unlock') || call === 'bio/assert').join();
  same(asked, prf ? '' : 'bio/assert', 'what the gateway was asked');

  await app.press('passcode-hide');
  await sensor.recognises(false);
  await app.press('bio-use');
  await app.says('problem-cancelled-title');
  await app.look.at(`${name}-not-recognised`);
  check(/^\d{6}$/.test(await app.passcode(PIN)), 'the PIN works always');
  nothingFound(app.look);
  await app.page.context().close();
}

/** What a phone has under its glass. */
async function fingerprintSensor(page, prf) {
  const tools = await page.context().newCDPSession(page);
  await tools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true, hasPrf: prf,
  };
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', { options });
  const recognises = (isUserVerified) => tools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  return { recognises };
}
