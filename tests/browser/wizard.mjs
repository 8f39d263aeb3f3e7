// The whole wizard, from the protected page to the protected page, as the options say: screen, scheme, language, script.
import {
  Look, asFarAsThePassword, check, choose, codeFor, passcode, press, same, secretOnPage, send, story, url, world, wrong,
} from './lib.mjs';

await story(async (browser) => {
  const { user, options = {}, language = 'en', direction = 'ltr', font, suggested } = world;
  const script = options.javaScriptEnabled !== false;
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const look = new Look(page, { script, touch: options.hasTouch });
  const wanted = url('wiki', '/page?x=1&y=two');

  const step = async (name, number) => {
    same(await page.getAttribute('html', 'lang'), language, `${name}: language`);
    same(await page.getAttribute('html', 'dir'), direction, `${name}: direction of writing`);
    same(await page.locator('.progress li.done').count(), Math.max(number - 1, 0), `${name}: steps done`);
    if (options.colorScheme === 'dark') {
      const page_colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      check(page_colour.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 64), `${name}: ${page_colour} is dark`);
    }
    await look.at(name);
  };

  await page.goto(wanted);
  same(new URL(page.url()).hostname, 'login.localhost', 'intercepted');
  await step('w0-name', 0);
  if (font) await fontIs(page, font);
  await send(page, 'username', user);
  await step('w0-password', 0);
  await send(page, 'password', world.passwords[user]);
  await step('w1-need-authenticator', 1);
  await press(page, '[name=add_authenticator]');
  await step('w2-check-email', 2);
  const code = await codeFor(user);
  await send(page, 'verification_code', wrong(code));
  await step('w2-wrong', 2);
  await send(page, 'verification_code', code);
  await step('w3-where', 3);
  await choose(page, 'mobile');
  await step('w4-which', 4);
  if (suggested) check(await page.isChecked(`[value=${suggested}]`), `${suggested} is suggested to this device`);
  await choose(page, suggested ?? 'ios');
  await step('w5-install', 5);
  const secret = await secretOnPage(page);
  await page.reload();
  same(await secretOnPage(page), secret, 'the secret after a reload');
  await press(page, '[name=continue]');
  await step('w8-first-passcode', 6);
  await send(page, 'otp', wrong(passcode(secret)));
  await step('w8-wrong', 6);
  await press(page, 'button[form=back]');
  same(await secretOnPage(page), secret, 'the secret after a wrong passcode');
  await press(page, '[name=continue]');
  await send(page, 'otp', passcode(secret));
  await page.waitForURL(wanted);
  const words = await page.locator('body').innerText();
  check(words.includes('GET /page?x=1&y=two HTTP/1.1'), `the page asked for: ${words}`);
  check(words.includes(`Remote-User: ${user}`), `the application knows who it is: ${words}`);

  // The same browser once more: no question is asked.
  await page.goto(url('wiki', '/again'));
  check((await page.locator('body').innerText()).includes('GET /again HTTP/1.1'), 'signed in');
  // Another browser: the token is asked for now, not offered again.
  const other = await (await browser.newContext(options)).newPage();
  await asFarAsThePassword(other, user, wanted);
  check(await other.isVisible('[name=otp]'), 'a passcode is asked for');
  same(await other.locator('[name=add_authenticator]').count(), 0, 'offers of a second token');
  look.done();
});

/** Which font really draws the heading: a page without glyphs for its language is a page of boxes. */
async function fontIs(page, wanted) {
  const tools = await page.context().newCDPSession(page);
  const { root } = await tools.send('DOM.getDocument');
  const { nodeId } = await tools.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'label' });
  await tools.send('CSS.enable');
  const { fonts } = await tools.send('CSS.getPlatformFontsForNode', { nodeId });
  check(fonts.some((font) => font.familyName.includes(wanted)), `${wanted} draws the words: ${JSON.stringify(fonts)}`);
}
