// What must not change does not: the secret, the step, what has been typed. And the key can be copied.
import {
  LINK, Look, asFarAsThePassword, check, choose, codeFor, passcode, press, same, secretOf, secretOnPage, send, story, url,
  world, wrong,
} from './lib.mjs';

await story(async (browser) => {
  const wanted = url('wiki', '/page');
  const context = await browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  const look = new Look(page);

  await asFarAsThePassword(page, world.user, wanted);
  await press(page, '[name=add_authenticator]');
  const code = await codeFor(world.user);
  await page.fill('[name=verification_code]', '12');
  await speak(page, 'de', 2);
  same(await page.inputValue('[name=verification_code]'), '12', 'what was typed before the language changed');
  await speak(page, 'en', 2);
  await send(page, 'verification_code', wrong(code));
  await speak(page, 'fr', 2);
  check(await page.isVisible('[role=alert]'), 'the error is told in the other language too');
  await send(page, 'verification_code', code);
  await speak(page, 'en', 3);
  await choose(page, 'mobile');
  await choose(page, 'ios');

  const secret = await secretOnPage(page);
  const stays = async (where, when) => same(await secretOnPage(where), secret, `the secret ${when}`);
  await page.reload();
  await stays(page, 'after a reload');
  await speak(page, 'ar', 5);
  await stays(page, 'in Arabic');
  await look.at('w5-arabic');
  await speak(page, 'en', 5);
  await stays(page, 'in English again');
  const second = await context.newPage();
  await second.goto(wanted);
  await stays(second, 'in a second tab');
  await second.emulateMedia({ colorScheme: 'dark' });
  await stays(second, 'in dark mode');
  await second.setViewportSize({ width: 320, height: 640 });
  await stays(second, 'on the smallest screen');
  await second.close();

  await copies(context, page, secret);

  await press(page, '[name=continue]');
  await send(page, 'otp', wrong(passcode(secret)));
  await speak(page, 'es', 6);
  check(await page.isVisible('[role=alert]'), 'the error is told in the other language too');
  await press(page, 'button[form=back]');
  await stays(page, 'after a wrong passcode and back');
  await press(page, '[name=new_code]');
  const fresh = await secretOnPage(page);
  check(fresh !== secret, 'New code makes a new secret');
  await press(page, '[name=continue]');
  const old = passcode(secret);
  if (old !== passcode(fresh)) {
    await send(page, 'otp', old);
    check(await page.isVisible('[role=alert]'), 'the passcode of the secret before is refused');
  }
  await send(page, 'otp', passcode(fresh));
  await page.waitForURL(wanted);
  look.done();
});

/** Chooses a language with the pointer; the step stays. */
async function speak(page, language, step) {
  await page.locator('#language').dispatchEvent('pointerdown');
  await Promise.all([page.waitForNavigation(), page.selectOption('#language', language)]);
  same(await page.getAttribute('html', 'lang'), language, 'the language chosen');
  same(await page.locator('.progress li.done').count(), step - 1, `steps done after the change to ${language}`);
}

async function copies(context, page, secret) {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url('login', '') });
  same(await page.getAttribute('#key-status', 'role'), 'status', 'what came of it is announced');
  same(await page.textContent('#key-status'), '', 'nothing is announced before');
  await page.click('[data-copy]');
  await page.waitForFunction(() => document.querySelector('#key-status').textContent !== '');
  same(await page.textContent('#key-status'), 'The key has been copied.', 'announced');
  same(await page.evaluate(() => navigator.clipboard.readText()), secret, 'the clipboard');
  same(secretOf(await page.getAttribute(LINK, 'href')), secret, 'the link, still');
}
