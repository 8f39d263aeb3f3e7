// The whole wizard without a pointer: Tab, arrows, Enter, Space; and one sees where one is.
import { LINK, Look, check, codeFor, passcode, same, secretOf, story, url, world, wrong } from './lib.mjs';

await story(async (browser) => {
  const page = await (await browser.newContext({ locale: 'en' })).newPage();
  const look = new Look(page);
  const { keyboard } = page;
  const wanted = url('wiki', '/page');
  const on = (selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);
  const enter = () => Promise.all([page.waitForNavigation(), keyboard.press('Enter')]);

  /** With Tab to the first thing that is meant. */
  const to = async (selector) => {
    for (let presses = 0; presses < 25; presses += 1) {
      await keyboard.press('Tab');
      if (await on(selector)) {
        const seen = await page.evaluate(() => {
          const focus = document.activeElement;
          const { outlineStyle, outlineWidth } = getComputedStyle(focus.closest('.choice') ?? focus);
          return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
        });
        check(seen, `one sees that ${selector} has the focus`);
        return;
      }
    }
    throw new Error(`no way to ${selector} with Tab at ${page.url()}`);
  };

  await page.goto(wanted);
  check(await on('[name=username]'), 'W0: one may type at once');
  await keyboard.type(world.user);
  await enter();
  check(await on('[name=password]'), 'one may type the password at once');
  await keyboard.type(world.passwords[world.user]);
  await to('#reveal');
  await keyboard.press('Space');
  same(await page.getAttribute('#password', 'type'), 'text', 'the password is shown');
  await keyboard.press('Space');
  same(await page.getAttribute('#password', 'type'), 'password', 'the password is hidden again');
  await to('.primary');
  await enter();
  await to('[name=add_authenticator]');
  await enter();

  await to('[name=verification_code]');
  const code = await codeFor(world.user);
  await keyboard.type(wrong(code));
  await enter();
  check(await on('[role=alert]'), 'the focus is on the error');
  await to('[role=alert] a');
  await keyboard.press('Enter');
  check(await on('[name=verification_code]'), 'the error leads to its field');
  await keyboard.type(code);
  await enter();

  await to('[name=target]');
  check(await on('[value=mobile]'), 'what is suggested comes first');
  await keyboard.press('ArrowDown');
  check(await on('[value=windows-desktop]:checked'), 'an arrow chooses the other');
  await keyboard.press('ArrowUp');
  await enter();
  await to('[name=target]');
  await keyboard.press('ArrowDown');
  check(await on('[value=android]:checked'), 'an arrow chooses Android');
  await to('.primary');
  await enter();

  const secret = secretOf(await page.getAttribute(LINK, 'href'));
  await to(LINK);
  await to('[data-copy]');
  await to('[name=continue]');
  await enter();
  await to('[name=otp]');
  await keyboard.type(passcode(secret));

  // The language: with the keyboard one may look through the list first, and only then change.
  await to('#language');
  await keyboard.press('ArrowDown');
  same(await page.getAttribute('html', 'lang'), 'en', 'nothing has changed yet');
  await to('.language button');
  await enter();
  same(await page.getAttribute('html', 'lang'), 'de', 'the language chosen');
  same(await page.locator('.progress li.done').count(), 5, 'steps done, still');

  await to('[name=otp]');
  await keyboard.type(passcode(secret));
  await enter();
  await page.waitForURL(wanted);
  look.done();
});
